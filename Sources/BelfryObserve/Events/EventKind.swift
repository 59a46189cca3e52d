/// The 50 things Belfry tells its operators, in the order of `ops/journal-events.md`.
///
/// Adding one means four rows: here, in `EventKind+Definitions.swift`, in the operator's table and in the
/// catalogue; a test holds the four together.
package enum EventKind: UInt8, CaseIterable, Sendable {
    case serviceStart
    case serviceReady
    case serviceStopping
    case serviceStopped
    case configLoaded
    case configRejected
    case logLevelChanged
    case listenerOpen
    case listenerError
    case connOpen
    case connClose
    case connRejected
    case tlsHandshakeFailed
    case tlsLegacyOffer
    case tlsCertLoaded
    case tlsCertExpiring
    case tlsTicketsRotated
    case wsUpgradeRejected
    case wsProtocolError
    case authSuccess
    case authFailure
    case authExpiredSession
    case authTokenReuse
    case authRevoked
    case authRestored
    case authGuestToken
    case authKeysLoaded
    case authKeysFailed
    case authzDenied
    case ratelimitEngaged
    case ratelimitReleased
    case ratelimitDisconnect
    case consumerSlow
    case messageDropped
    case positionLost
    case historyShed
    case overloadChanged
    case alertFiring
    case alertResolved
    case alertDeliveryFailed
    case clockStepped
    case probeFailed
    case probePassed
    case adminRequest
    case tapOpened
    case tapClosed
    case storeOpened
    case storeFailed
    case storeHealed
    case journalGap

    private static let definitions: [EventDefinition] = allCases.map(define)

    package var definition: EventDefinition { Self.definitions[Int(rawValue)] }

    /// `conn.close`: the value of BELFRY_EVENT and of the metric label `event`.
    package var name: String { definition.name }
    package var messageID: String { definition.messageID }
    package var priority: Priority { definition.priority }
    package var isAudit: Bool { definition.isAudit }
    package var isAggregated: Bool { definition.isAggregated }
    package var owasp: OWASPName? { definition.owasp }

    /// COUNT says how many things, in the message's own words, and not how often the event happened.
    var countsThings: Bool {
        switch self {
        case .messageDropped, .positionLost, .historyShed: true
        default: false
        }
    }

    /// SYSLOG_FACILITY: 10 (authpriv) for audit events, else 3 (daemon).
    ///
    /// A cheap split for exporters.
    package var facility: UInt8 { isAudit ? 10 : 3 }
}
