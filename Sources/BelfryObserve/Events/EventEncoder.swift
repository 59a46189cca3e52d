/// Turns an event into a journal entry.
///
/// Runs on the writer thread only: here is all the formatting that the
/// loops do not do.
package struct EventEncoder: Sendable {
    /// SYSLOG_IDENTIFIER: what `journalctl -t` selects.
    package static let identifier = "belfry"
    /// BELFRY_SCHEMA: raised when a field changes its meaning or goes away, not when one is added.
    package static let schema = 1
    /// MESSAGE is for people; it repeats fields that are capped themselves.
    private static let messageLimit = 2048

    private let threadID: Int32

    /// - `threadID`: of the thread that writes, for the TID field.
    package init(threadID: Int32) { self.threadID = threadID }

    /// - `sequence`: BELFRY_SEQ; nil for events that are not audited.
    package func encode(_ event: Event, sequence: UInt64?, into entry: inout EntryBuffer) {
        entry.removeAll()
        var truncated: [JournalField] = []
        addHead(of: event, sequence: sequence, to: &entry)
        addContexts(of: event, to: &entry, &truncated)
        for detail in event.details {
            add(detail.field, detail.value, sequence, to: &entry, &truncated)
        }
        if event.kind.isAggregated { add(.count, .count(event.count), nil, to: &entry, &truncated) }
        if !truncated.isEmpty {
            let names = truncated.map { $0.rawValue }.joined(separator: ",")
            entry.add(prefix: "BELFRY_", JournalField.truncated.rawValue) { $0 += names.utf8 }
        }
        addMessage(of: event, to: &entry)
    }

    private func addHead(of event: Event, sequence: UInt64?, to entry: inout EntryBuffer) {
        let definition = event.kind.definition
        entry.add("MESSAGE_ID") { $0 += definition.messageID.utf8 }
        entry.add("PRIORITY") { $0.append(0x30 &+ event.priority.rawValue) }
        entry.add("SYSLOG_IDENTIFIER") { $0 += Self.identifier.utf8 }
        entry.add("SYSLOG_FACILITY") { $0 += String(event.kind.facility).utf8 }
        entry.add("CODE_FILE") { $0 += String(describing: event.source.file).utf8 }
        entry.add("CODE_LINE") { $0 += String(event.source.line).utf8 }
        entry.add("TID") { $0 += String(threadID).utf8 }
        entry.add(prefix: "BELFRY_", JournalField.event.rawValue) { $0 += definition.name.utf8 }
        entry.add(prefix: "BELFRY_", JournalField.schema.rawValue) { $0 += String(Self.schema).utf8 }
        if let owasp = definition.owasp {
            entry.add(prefix: "BELFRY_", JournalField.owasp.rawValue) { $0 += owasp.rawValue.utf8 }
        }
        if let sequence {
            entry.add(prefix: "BELFRY_", JournalField.seq.rawValue) { $0 += String(sequence).utf8 }
        }
    }

    private func addContexts(
        of event: Event, to entry: inout EntryBuffer, _ truncated: inout [JournalField]
    ) {
        if let connection = event.connection {
            add(.connID, .text(connection.id), nil, to: &entry, &truncated)
            add(.peerAddr, .text(connection.peerAddress), nil, to: &entry, &truncated)
            add(.peerPort, .count(UInt64(connection.peerPort)), nil, to: &entry, &truncated)
            add(.listener, .text(connection.listener), nil, to: &entry, &truncated)
        }
        guard let subject = event.subject else { return }
        add(.subject, .text(subject.subject), nil, to: &entry, &truncated)
        let optional: [(JournalField, String?)] = [
            (.jtiHash, subject.jtiHash), (.kid, subject.keyID), (.iss, subject.issuer),
        ]
        for case (let field, let value?) in optional { add(field, .text(value), nil, to: &entry, &truncated) }
    }

    private func add(
        _ field: JournalField, _ value: Event.Value, _ sequence: UInt64?, to entry: inout EntryBuffer,
        _ truncated: inout [JournalField]
    ) {
        var fits = true
        entry.add(prefix: "BELFRY_", field.rawValue) { bytes in
            switch value {
            case .text(let text): fits = SafeText.append(text, limit: field.limit, to: &bytes)
            case .integer(let number): bytes += String(number).utf8
            case .count(let number): bytes += String(number).utf8
            case .flag(let flag): bytes += (flag ? "yes" : "no").utf8
            case .time(let seconds): bytes += UTCTime.text(seconds).utf8
            case .ownSequence: bytes += String(sequence ?? 0).utf8
            }
        }
        if !fits { truncated.append(field) }
    }

    /// Fills the kind's sentence from the items above, which are safe already.
    private func addMessage(of event: Event, to entry: inout EntryBuffer) {
        var message: [UInt8] = []
        for (index, part) in event.kind.definition.message.split(
            separator: "{", omittingEmptySubsequences: false
        )
        .enumerated() {
            guard index > 0, let brace = part.firstIndex(of: "}") else {
                message += part.utf8
                continue
            }
            let value = entry.value(named: "BELFRY_" + part[..<brace])
            message += value.map { Array($0) } ?? [0x2D]
            message += part[part.index(after: brace)...].utf8
        }
        if event.kind.isAggregated, event.count > 1, event.kind != .messageDropped {
            message += " (\(event.count) times)".utf8
        }
        let text = String(decoding: message.prefix(Self.messageLimit), as: UTF8.self)
        entry.add("MESSAGE") { $0 += text.utf8 }
    }
}
