/// Turns an event into a journal entry.
///
/// Runs on the writer thread only: here is all the formatting that the
/// loops do not do. Every connection costs three entries, so what a kind always says is written once
/// (`EntryTemplate`), and the rest goes as bytes into one buffer without a string in between.
package struct EventEncoder: Sendable {
    /// SYSLOG_IDENTIFIER: what `journalctl -t` selects.
    package static let identifier = "belfry"
    /// BELFRY_SCHEMA: raised when a field changes its meaning or goes away, not when one is added.
    package static let schema: UInt64 = 1
    /// MESSAGE is for people; it repeats fields that are capped themselves.
    private static let messageLimit = 2048

    /// The TID item.
    private let thread: EntryBuffer

    /// - `threadID`: of the thread that writes, for the TID field.
    package init(threadID: Int32) {
        var thread = EntryBuffer()
        thread.add(label: "TID=") { $0.append(decimal: Int64(threadID)) }
        self.thread = thread
    }

    /// - `sequence`: BELFRY_SEQ; nil for events that are not audited.
    package func encode(_ event: Event, sequence: UInt64?, into entry: inout EntryBuffer) {
        entry.removeAll()
        var truncated: [JournalField] = []
        let template = EntryTemplate.of(event)
        addHead(of: event, template, sequence, to: &entry)
        if let connection = event.connection { add(connection, to: &entry, &truncated) }
        if let subject = event.subject { add(subject, to: &entry, &truncated) }
        for case let detail? in event.details { add(detail, sequence, to: &entry, &truncated) }
        let isAggregated = event.kind.isAggregated
        if isAggregated { entry.add(.count) { $0.append(decimal: event.count) } }
        if !truncated.isEmpty { add(truncated, to: &entry) }
        let tellsTimes = isAggregated && event.count > 1 && !event.kind.countsThings
        entry.add(template.message, times: tellsTimes ? event.count : nil, limit: Self.messageLimit)
    }

    private func addHead(
        of event: Event, _ template: EntryTemplate, _ sequence: UInt64?, to entry: inout EntryBuffer
    ) {
        entry.add(template.opening)
        entry.add(label: "CODE_FILE=") { $0 += event.source.file.description.utf8 }
        entry.add(label: "CODE_LINE=") { $0.append(decimal: UInt64(event.source.line)) }
        entry.add(thread)
        entry.add(template.naming)
        if let sequence { entry.add(.seq) { $0.append(decimal: sequence) } }
        if event.time > 0 { entry.add(.time) { UTCTime.append(microseconds: event.time, to: &$0) } }
    }

    private func add(
        _ connection: ConnectionContext, to entry: inout EntryBuffer, _ truncated: inout [JournalField]
    ) {
        add(.connID, connection.id, to: &entry, &truncated)
        add(.peerAddr, connection.peerAddress, to: &entry, &truncated)
        entry.add(.peerPort) { $0.append(decimal: UInt64(connection.peerPort)) }
        add(.listener, connection.listener, to: &entry, &truncated)
    }

    private func add(
        _ subject: SubjectContext, to entry: inout EntryBuffer, _ truncated: inout [JournalField]
    ) {
        add(.subject, subject.subject, to: &entry, &truncated)
        if let jtiHash = subject.jtiHash { add(.jtiHash, jtiHash, to: &entry, &truncated) }
        if let keyID = subject.keyID { add(.kid, keyID, to: &entry, &truncated) }
        if let issuer = subject.issuer { add(.iss, issuer, to: &entry, &truncated) }
    }

    private func add(
        _ detail: Event.Detail, _ sequence: UInt64?, to entry: inout EntryBuffer,
        _ truncated: inout [JournalField]
    ) {
        if case .text(let text) = detail.value { return add(detail.field, text, to: &entry, &truncated) }
        entry.add(detail.field) { bytes in
            switch detail.value {
            case .text: break
            case .integer(let number): bytes.append(decimal: number)
            case .count(let number): bytes.append(decimal: number)
            case .flag(let flag): bytes += (flag ? "yes" : "no").utf8
            case .time(let seconds): UTCTime.append(seconds, to: &bytes)
            case .ownSequence: bytes.append(decimal: sequence ?? 0)
            }
        }
    }

    private func add(
        _ field: JournalField, _ text: String, to entry: inout EntryBuffer, _ truncated: inout [JournalField]
    ) {
        var fits = true
        entry.add(field) { fits = SafeText.append(text, limit: field.limit, to: &$0) }
        if !fits { truncated.append(field) }
    }

    private func add(_ truncated: [JournalField], to entry: inout EntryBuffer) {
        let names = truncated.map { $0.rawValue }.joined(separator: ",")
        entry.add(.truncated) { $0 += names.utf8 }
    }
}
