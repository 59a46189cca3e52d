/// A handle to one counter series: where its cell lies in every shard.
///
/// Handles exist only for declared series, so no count can go astray. They cost nothing: the compiler folds
/// `Counter.framesReceived(.text)` to a number.
@frozen package struct Counter: Hashable, Sendable {
    @usableFromInline let index: Int

    @inlinable init(_ family: MetricFamily, _ place: Int = 0) { index = family.base &+ place }

    @inlinable init<Label: MetricLabel>(_ family: MetricFamily, _ label: Label) {
        self.init(family, Int(label.rawValue))
    }
}

extension Counter {
    @inlinable package static var listenerAccepts: Counter { Counter(.listenerAccepts) }
    @inlinable package static func listenerRejects(_ reason: AcceptRefusal) -> Counter {
        Counter(.listenerRejects, reason)
    }
    @inlinable package static func connectionsClosed(_ by: ClosedBy, _ reason: CloseReason) -> Counter {
        Counter(.connectionsClosed, Int(by.rawValue) &* 16 &+ Int(reason.rawValue))
    }
    @inlinable package static func connectionGlitches(_ kind: Glitch) -> Counter {
        Counter(.connectionGlitches, kind)
    }

    @inlinable package static func tlsHandshakes(_ version: TLSVersionLabel, resumed: Bool) -> Counter {
        Counter(.tlsHandshakes, Int(version.rawValue) &* 2 &+ Int(Flag(resumed).rawValue))
    }
    @inlinable package static func tlsHandshakeFailures(_ reason: HandshakeFailure) -> Counter {
        Counter(.tlsHandshakeFailures, reason)
    }
    @inlinable package static func tlsCiphers(_ cipher: CipherLabel) -> Counter {
        Counter(.tlsCiphers, cipher)
    }
    @inlinable package static func tlsLegacyOffers(_ offered: LegacyOffer) -> Counter {
        Counter(.tlsLegacyOffers, offered)
    }
    @inlinable package static func tlsCertificateReloads(_ outcome: Outcome) -> Counter {
        Counter(.tlsCertificateReloads, outcome)
    }
    @inlinable package static var tlsTicketKeyRotations: Counter { Counter(.tlsTicketKeyRotations) }

    @inlinable package static func httpRequests(_ code: HTTPCode) -> Counter { Counter(.httpRequests, code) }
    @inlinable package static func wsUpgrades(_ outcome: UpgradeOutcome) -> Counter {
        Counter(.wsUpgrades, outcome)
    }
    @inlinable package static func wsProtocolErrors(_ kind: FrameFault) -> Counter {
        Counter(.wsProtocolErrors, kind)
    }
    @inlinable package static func framesReceived(_ opcode: FrameOpcode) -> Counter {
        Counter(.wsFramesReceived, opcode)
    }
    @inlinable package static func framesSent(_ opcode: FrameOpcode) -> Counter {
        Counter(.wsFramesSent, opcode)
    }
    @inlinable package static func receivedBytes(_ layer: ByteLayer) -> Counter {
        Counter(.receivedBytes, layer)
    }
    @inlinable package static func sentBytes(_ layer: ByteLayer) -> Counter { Counter(.sentBytes, layer) }

    @inlinable package static var authAttempts: Counter { Counter(.authAttempts) }
    @inlinable package static func authFailures(_ reason: AuthFailure) -> Counter {
        Counter(.authFailures, reason)
    }
    @inlinable package static func authzDenials(_ action: DeniedOperation) -> Counter {
        Counter(.authzDenials, action)
    }

    @inlinable package static func messagesReceived(_ type: MessageType) -> Counter {
        Counter(.messagesReceived, type)
    }
    @inlinable package static func messagesRejected(_ reason: MessageRejection) -> Counter {
        Counter(.messagesRejected, reason)
    }
    @inlinable package static var messagesDelivered: Counter { Counter(.messagesDelivered) }
    @inlinable package static func messagesDropped(_ reason: MessageLoss) -> Counter {
        Counter(.messagesDropped, reason)
    }

    @inlinable package static func ratelimitDecisions(_ scope: RateScope, _ decision: RateDecision) -> Counter
    {
        Counter(.ratelimitDecisions, Int(scope.rawValue) &* 3 &+ Int(decision.rawValue))
    }
    @inlinable package static func journalEntries(_ priority: EntryPriority) -> Counter {
        Counter(.journalEntries, priority)
    }
    @inlinable package static func journalDropped(_ reason: EntryLoss) -> Counter {
        Counter(.journalDropped, reason)
    }
    @inlinable package static func sideportRequests(_ path: SidePortPath, _ code: SidePortCode) -> Counter {
        Counter(.sideportRequests, Int(path.rawValue) &* 7 &+ Int(code.rawValue))
    }

    /// The counter of an event by its place in the names given to the registry.
    ///
    /// A foreign place is counted where nobody looks.
    @inlinable package static func loggedEvents(at place: Int) -> Counter {
        let last = MetricFamily.cellsPerFamily &- 1
        return Counter(.loggedEvents, (0..<last).contains(place) ? place : last)
    }
}
