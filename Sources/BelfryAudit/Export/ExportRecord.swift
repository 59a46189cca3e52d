import BelfryObserve

/// One entry of a Belfry, ready to be told in another vocabulary.
struct ExportRecord {
    let kind: EventKind
    let message: String
    let priority: Int
    /// Microseconds since 1970: when it was written to the journal.
    let writtenAt: Int64
    private let entry: AuditEntry

    /// `nil` for what is no entry of an event that is known here.
    init?(_ entry: AuditEntry) {
        guard entry.text("SYSLOG_IDENTIFIER") == EventEncoder.identifier,
            let name = entry.text(JournalField.event.journalName), let kind = Self.kinds[name]
        else { return nil }
        self.entry = entry
        self.kind = kind
        message = entry.text("MESSAGE") ?? ""
        priority = entry.number("PRIORITY").map { Int(clamping: $0) } ?? 6
        writtenAt = entry.number("__REALTIME_TIMESTAMP").map { Int64(clamping: $0) } ?? 0
    }

    private static let kinds = Dictionary(
        EventKind.allCases.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    subscript(field: JournalField) -> String? { entry.text(field.journalName) }

    subscript(trusted name: String) -> String? { entry.text(name) }

    func number(_ field: JournalField) -> Int64? { self[field].flatMap { Int64($0) } }

    /// When it happened, as an RFC 3339 time: the relay's own word, or when journald had it.
    var time: String { self[.time] ?? UTCTime.text(microseconds: UInt64(max(0, writtenAt))) }

    /// Milliseconds since 1970.
    var milliseconds: Int64 {
        (self[.time].flatMap { UTCTime.microseconds(of: $0) } ?? writtenAt) / 1_000
    }

    /// Every field of Belfry's own, under its name in lower case; those of `told` are left out.
    func fields(except told: Set<JournalField> = []) -> JSONMembers {
        var members = JSONMembers()
        for field in JournalField.allCases where !told.contains(field) {
            members.add(field.rawValue.lowercased(), text: self[field])
        }
        return members
    }

    /// It tells of something that did not go well.
    var isFailure: Bool {
        switch kind {
        case .authFailure, .authzDenied, .connRejected, .tlsHandshakeFailed, .wsUpgradeRejected,
            .wsProtocolError, .configRejected, .listenerError, .authKeysFailed, .storeFailed,
            .alertDeliveryFailed, .probeFailed, .journalGap, .ratelimitEngaged, .ratelimitDisconnect,
            .authTokenReuse:
            true
        case .adminRequest: (number(.status) ?? 200) >= 400
        default: false
        }
    }

    /// The version of TLS without its name: `1.3`.
    var tlsVersion: String? { self[.tlsVersion].map { $0.hasPrefix("TLSv") ? String($0.dropFirst(4)) : $0 } }
}

/// The vocabularies.
package enum ExportFormat: String, CaseIterable, Sendable {
    /// Open Cybersecurity Schema Framework 1.3.
    case ocsf
    /// Elastic Common Schema 8.17.
    case ecs
    /// Belfry's own names, in lower case.
    case json

    func append(_ record: ExportRecord, to bytes: inout [UInt8]) {
        switch self {
        case .ocsf: record.ocsf.append(to: &bytes)
        case .ecs: record.ecs.append(to: &bytes)
        case .json: record.plain.append(to: &bytes)
        }
    }
}

extension ExportRecord {
    var plain: JSONValue {
        var members = JSONMembers()
        members.add("time", text: time)
        members.add("event", text: kind.name)
        members.add("message", text: message)
        members.add("priority", number: Int64(priority))
        members.add("message_id", text: kind.messageID)
        members.add("boot_id", text: self[trusted: "_BOOT_ID"])
        members.add("pid", text: self[trusted: "_PID"])
        members.add("unit", text: self[trusted: "_SYSTEMD_UNIT"])
        for member in fields(except: [.event, .time]).all { members.add(member.key, member.value) }
        return members.object
    }
}
