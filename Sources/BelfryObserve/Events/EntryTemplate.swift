/// The items that are the same in every entry of one kind, written once.
///
/// A class, because the writer takes one for each entry and should count one reference for it.
final class EntryTemplate: Sendable {
    /// MESSAGE_ID to SYSLOG_FACILITY.
    let opening: EntryBuffer
    /// BELFRY_EVENT to BELFRY_OWASP.
    let naming: EntryBuffer
    let message: MessageTemplate
    private let priority: Priority

    private static let usual = EventKind.allCases.map { EntryTemplate($0, $0.priority) }

    /// The one for an event's kind; made anew for an event that chose a priority of its own, which is rare.
    static func of(_ event: Event) -> EntryTemplate {
        let usual = usual[Int(event.kind.rawValue)]
        return event.priority == usual.priority ? usual : EntryTemplate(event.kind, event.priority)
    }

    private init(_ kind: EventKind, _ priority: Priority) {
        let definition = kind.definition
        var opening = EntryBuffer()
        opening.add(label: "MESSAGE_ID=") { $0 += definition.messageID.utf8 }
        opening.add(label: "PRIORITY=") { $0.append(decimal: UInt64(priority.rawValue)) }
        opening.add(label: "SYSLOG_IDENTIFIER=") { $0 += EventEncoder.identifier.utf8 }
        opening.add(label: "SYSLOG_FACILITY=") { $0.append(decimal: UInt64(kind.facility)) }
        var naming = EntryBuffer()
        naming.add(.event) { $0 += definition.name.utf8 }
        naming.add(.schema) { $0.append(decimal: EventEncoder.schema) }
        if let owasp = definition.owasp { naming.add(.owasp) { $0 += owasp.rawValue.utf8 } }
        self.priority = priority
        self.opening = opening
        self.naming = naming
        message = MessageTemplate(definition.message)
    }
}
