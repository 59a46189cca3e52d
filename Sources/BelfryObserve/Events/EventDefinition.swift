/// What is fixed about one kind of event: everything an operator can rely on before the first one happens.
package struct EventDefinition: Sendable {
    /// `conn.close`: the value of BELFRY_EVENT and of the metric label `event`.
    package let name: String
    /// 32 lower-case hex digits, from `systemd-id128 new`; never changed once released.
    package let messageID: String
    /// The usual PRIORITY; `alert.firing` alone chooses per event.
    package let priority: Priority
    /// Audit events are numbered (BELFRY_SEQ), go to facility 10, and are shed last.
    package let isAudit: Bool
    /// The name an auditor searches for, where the OWASP Logging Vocabulary has one.
    package let owasp: OWASPName?
    /// What MESSAGE says; `{FIELD}` stands for the value of BELFRY_FIELD, or `-` when it is absent.
    package let message: String
    /// Which contexts an event of this kind may carry.
    package let contexts: Contexts
    /// The fields of its own, in the order of the operator's table.
    package let details: [JournalField]

    /// Floods of this kind become one entry with BELFRY_COUNT (`EventAggregator`).
    package let isAggregated: Bool

    /// The connection fields, the subject fields, or both.
    package struct Contexts: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let connection = Contexts(rawValue: 1)
        package static let subject = Contexts(rawValue: 2)
    }

    /// Every field an event of this kind may carry beyond the common ones.
    package var fields: [JournalField] {
        var fields: [JournalField] = []
        if contexts.contains(.connection) { fields += ConnectionContext.fields }
        if contexts.contains(.subject) { fields += SubjectContext.fields }
        return fields + details.filter { !fields.contains($0) }
    }

    static func audit(
        _ name: String, _ messageID: String, _ priority: Priority, owasp: OWASPName? = nil,
        _ message: String, contexts: Contexts = [], fields details: [JournalField]
    ) -> EventDefinition {
        EventDefinition(
            name: name, messageID: messageID, priority: priority, isAudit: true, owasp: owasp,
            message: message,
            contexts: contexts, details: details, isAggregated: details.contains(.count))
    }

    static func info(
        _ name: String, _ messageID: String, _ priority: Priority, owasp: OWASPName? = nil,
        _ message: String, contexts: Contexts = [], fields details: [JournalField]
    ) -> EventDefinition {
        EventDefinition(
            name: name, messageID: messageID, priority: priority, isAudit: false, owasp: owasp,
            message: message,
            contexts: contexts, details: details, isAggregated: details.contains(.count))
    }
}

/// The part of the OWASP Logging Vocabulary that Belfry's events map to.
package enum OWASPName: String, Sendable {
    case loginSuccess = "authn_login_success"
    case loginFail = "authn_login_fail"
    case tokenReuse = "authn_token_reuse"
    case tokenRevoked = "authn_token_revoked"
    case authorizationFail = "authz_fail"
    case excessRate = "excess_rate_limit_exceeded"
    case excessSessions = "excess_sessions_exceeded"
    case sessionExpired = "session_expired"
    case startup = "sys_startup"
    case shutdown = "sys_shutdown"
    case monitorDisabled = "sys_monitor_disabled"
    case malicious = "malicious_extraneous"
    case invalidInput = "input_validation_fail"
}
