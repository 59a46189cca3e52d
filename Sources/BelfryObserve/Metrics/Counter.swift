/// A handle to one counter series: where its cell lies in every shard.
///
/// Handles exist only for declared series, so no count can go astray. They cost nothing: the compiler folds
/// `Counter.framesReceived(.text)` to a number.
@frozen public struct Counter: Hashable, Sendable {
    @usableFromInline let index: Int

    @inlinable init(_ family: MetricFamily, _ place: Int = 0) { index = family.base &+ place }

    @inlinable init<Label: MetricLabel>(_ family: MetricFamily, _ label: Label) {
        self.init(family, Int(label.rawValue))
    }
}

extension Counter {
    @inlinable public static var listenerAccepts: Counter { Counter(.listenerAccepts) }
    @inlinable public static func listenerRejects(_ reason: AcceptRefusal) -> Counter {
        Counter(.listenerRejects, reason)
    }
    @inlinable public static func connectionsClosed(_ by: ClosedBy, _ reason: CloseReason) -> Counter {
        Counter(.connectionsClosed, Int(by.rawValue) &* 16 &+ Int(reason.rawValue))
    }
    @inlinable public static func connectionGlitches(_ kind: Glitch) -> Counter {
        Counter(.connectionGlitches, kind)
    }

    @inlinable public static func tlsHandshakes(_ version: TLSVersionLabel, resumed: Bool) -> Counter {
        Counter(.tlsHandshakes, Int(version.rawValue) &* 2 &+ Int(Flag(resumed).rawValue))
    }
    @inlinable public static func tlsHandshakeFailures(_ reason: HandshakeFailure) -> Counter {
        Counter(.tlsHandshakeFailures, reason)
    }
    @inlinable public static func tlsCiphers(_ cipher: CipherLabel) -> Counter {
        Counter(.tlsCiphers, cipher)
    }
    @inlinable public static func tlsLegacyOffers(_ offered: LegacyOffer) -> Counter {
        Counter(.tlsLegacyOffers, offered)
    }
    @inlinable public static func tlsCertificateReloads(_ outcome: Outcome) -> Counter {
        Counter(.tlsCertificateReloads, outcome)
    }
    @inlinable public static var tlsTicketKeyRotations: Counter { Counter(.tlsTicketKeyRotations) }

    @inlinable public static func httpRequests(_ code: HTTPCode) -> Counter { Counter(.httpRequests, code) }
    @inlinable public static func wsUpgrades(_ outcome: UpgradeOutcome) -> Counter {
        Counter(.wsUpgrades, outcome)
    }
    @inlinable public static func wsProtocolErrors(_ kind: FrameFault) -> Counter {
        Counter(.wsProtocolErrors, kind)
    }
    @inlinable public static func framesReceived(_ opcode: FrameOpcode) -> Counter {
        Counter(.wsFramesReceived, opcode)
    }
    @inlinable public static func framesSent(_ opcode: FrameOpcode) -> Counter {
        Counter(.wsFramesSent, opcode)
    }
    @inlinable public static var wsDeflateConnections: Counter { Counter(.wsDeflateConnections) }
    @inlinable public static func wsDeflateMessages(_ direction: MessageDirection) -> Counter {
        Counter(.wsDeflateMessages, direction)
    }
    @inlinable public static func wsDeflateBytes(
        _ direction: MessageDirection, _ form: MessageForm
    ) -> Counter {
        Counter(.wsDeflateBytes, Int(direction.rawValue) &* 2 &+ Int(form.rawValue))
    }
    @inlinable public static func receivedBytes(_ layer: ByteLayer) -> Counter {
        Counter(.receivedBytes, layer)
    }
    @inlinable public static func sentBytes(_ layer: ByteLayer) -> Counter { Counter(.sentBytes, layer) }

    @inlinable public static var authAttempts: Counter { Counter(.authAttempts) }
    @inlinable public static func authFailures(_ reason: AuthFailure) -> Counter {
        Counter(.authFailures, reason)
    }
    @inlinable public static func authzDenials(_ action: DeniedOperation) -> Counter {
        Counter(.authzDenials, action)
    }
    @inlinable public static func guestTokens(_ result: GuestTokenResult) -> Counter {
        Counter(.guestTokens, result)
    }

    @inlinable public static func recoveries(_ result: RecoveryResult) -> Counter {
        Counter(.recoveries, result)
    }
    @inlinable public static func historyShed(_ what: HistoryItem) -> Counter {
        Counter(.historyShed, what)
    }
    @inlinable public static func storeCommits(_ outcome: Outcome) -> Counter {
        Counter(.storeCommits, outcome)
    }
    @inlinable public static func storeRefused(_ reason: StoreRefusal) -> Counter {
        Counter(.storeRefused, reason)
    }
    @inlinable public static var storeLost: Counter { Counter(.storeLost) }
    @inlinable public static func storePruned(_ what: HistoryItem) -> Counter {
        Counter(.storePruned, what)
    }
    @inlinable public static var positionsLost: Counter { Counter(.positionsLost) }
    @inlinable public static func messagesReceived(_ type: MessageType) -> Counter {
        Counter(.messagesReceived, type)
    }
    @inlinable public static func messagesRejected(_ reason: MessageRejection) -> Counter {
        Counter(.messagesRejected, reason)
    }
    @inlinable public static var messagesDelivered: Counter { Counter(.messagesDelivered) }
    @inlinable public static func messagesDropped(_ reason: MessageLoss) -> Counter {
        Counter(.messagesDropped, reason)
    }

    @inlinable public static func ratelimitDecisions(_ scope: RateScope, _ decision: RateDecision) -> Counter
    {
        Counter(.ratelimitDecisions, Int(scope.rawValue) &* 3 &+ Int(decision.rawValue))
    }
    @inlinable public static func overloadActions(_ action: OverloadAction) -> Counter {
        Counter(.overloadActions, action)
    }
    @inlinable public static func journalEntries(_ priority: EntryPriority) -> Counter {
        Counter(.journalEntries, priority)
    }
    @inlinable public static func journalDropped(_ reason: EntryLoss) -> Counter {
        Counter(.journalDropped, reason)
    }
    @inlinable public static func sideportRequests(_ path: SidePortPath) -> Counter {
        Counter(.sideportRequests, path)
    }
    @inlinable public static func sideportAnswers(_ code: SidePortCode) -> Counter {
        Counter(.sideportAnswers, code)
    }
    @inlinable public static func streamDropped(_ stream: SideStream) -> Counter {
        Counter(.streamDropped, stream)
    }

    @inlinable public static func apiCalls(_ method: APICallMethod, _ result: APICallResult) -> Counter {
        Counter(.apiCalls, Int(method.rawValue) &* 2 &+ Int(result.rawValue))
    }
    @inlinable public static func apiDenials(_ reason: APICallDenial) -> Counter {
        Counter(.apiDenials, reason)
    }

    /// In nanoseconds.
    @inlinable public static func clockStep(_ direction: ClockDirection) -> Counter {
        Counter(.clockStep, direction)
    }
    @inlinable public static func alertFirings(_ alert: AlertLabel) -> Counter {
        Counter(.alertFirings, alert)
    }
    @inlinable public static func alertDeliveries(
        _ receiver: AlertReceiver, _ outcome: Outcome
    ) -> Counter {
        Counter(.alertDeliveries, Int(receiver.rawValue) &* 2 &+ Int(outcome.rawValue))
    }
    @inlinable public static func selfprobes(_ result: ProbeResult) -> Counter {
        Counter(.selfprobes, result)
    }

    /// The counter of an event by its place in the names given to the registry.
    ///
    /// A foreign place is counted where nobody looks.
    @inlinable public static func loggedEvents(at place: Int) -> Counter {
        let last = MetricFamily.cellsPerFamily &- 1
        return Counter(.loggedEvents, (0..<last).contains(place) ? place : last)
    }
}
