import BelfryAnomaly
import BelfryObserve

// Ten seconds as the detectors want them: counters as differences of two snapshots, gauges as they stand.

/// What no counter of the registry tells about a tick.
struct TickGauges: Sendable {
    /// From the loops.
    var activeConnections = 0
    var throttledUsers = 0
    /// Entries lost since the start.
    var journalLost: UInt64 = 0
    var journalUnverified = 0
    var certificateLife = Int.max
    var keysOverdue = 0
    var clockStep = 0.0
    var probe = TickSummary.Probe.notRun
}

/// Turns what is counted since the start into what has happened since the last tick.
struct TickReader {
    /// Deliveries in a tick below which their times say nothing.
    static let deliveriesMin: UInt64 = 20

    private var earlier: MetricSnapshot
    private var lostEarlier: UInt64

    init(_ snapshot: MetricSnapshot, journalLost: UInt64) {
        earlier = snapshot
        lostEarlier = journalLost
    }

    mutating func summary(_ now: MetricSnapshot, _ gauges: TickGauges) -> TickSummary {
        defer {
            earlier = now
            lostEarlier = gauges.journalLost
        }
        var summary = TickSummary()
        readConnections(now, &summary)
        readTokens(now, &summary)
        readMessages(now, &summary)
        readDelivery(now, &summary)
        summary.activeUsers = gauges.activeConnections
        summary.throttledUsers = gauges.throttledUsers
        let lost = gauges.journalLost.subtractingReportingOverflow(lostEarlier)
        summary.journalLost = lost.overflow ? 0 : Int(clamping: lost.partialValue)
        summary.journalUnverified = gauges.journalUnverified
        summary.certificateLife = gauges.certificateLife
        summary.keysOverdue = gauges.keysOverdue
        summary.clockStep = gauges.clockStep
        summary.probe = gauges.probe
        return summary
    }

    private func readConnections(_ now: MetricSnapshot, _ summary: inout TickSummary) {
        summary.accepts = difference(now, [.listenerAccepts])
        summary.halfOpen = Int(clamping: now[.tlsHandshakesInProgress])
        summary.handshakes = difference(now, Self.handshakes)
        summary.handshakeFailures = difference(
            now, HandshakeFailure.allCases.map { .tlsHandshakeFailures($0) })
        summary.legacyOffers = difference(now, LegacyOffer.allCases.map { .tlsLegacyOffers($0) })
        summary.connections = Int(clamping: now[.connectionsOpen(.active)])
        summary.slowConsumers = max(0, Int(clamping: now[.slowConsumers]))
        summary.queuedBytes = max(0, Int(clamping: now[.outboundQueueBytes]))
    }

    private static let handshakes = TLSVersionLabel.allCases.flatMap { version in
        [false, true].map { Counter.tlsHandshakes(version, resumed: $0) }
    }

    /// Whoever may come without a token counts as one who has authenticated: connections that go no further do not.
    private func readTokens(_ now: MetricSnapshot, _ summary: inout TickSummary) {
        summary.authFailures = difference(now, AuthFailure.allCases.map { .authFailures($0) })
        summary.authExpired = difference(now, [.authFailures(.expired)])
        let verified = difference(now, [.authAttempts])
        let connected = difference(now, [.messagesReceived(.connect)])
        summary.authAttempts = max(verified, connected + summary.authFailures)
    }

    private func readMessages(_ now: MetricSnapshot, _ summary: inout TickSummary) {
        summary.received = difference(now, MessageType.allCases.map { .messagesReceived($0) })
        summary.rejected = difference(now, MessageRejection.allCases.map { .messagesRejected($0) })
        summary.delivered = difference(now, [.messagesDelivered])
    }

    private func readDelivery(_ now: MetricSnapshot, _ summary: inout TickSummary) {
        let deliveries = now.distribution(of: .delivery).since(earlier.distribution(of: .delivery))
        guard deliveries.total >= Self.deliveriesMin else { return }
        summary.deliveryP50 = (deliveries.quantile(0.5) ?? 0) / 1e9
        summary.deliveryP99 = (deliveries.quantile(0.99) ?? 0) / 1e9
    }

    private func difference(_ now: MetricSnapshot, _ counters: [Counter]) -> Int {
        counters.reduce(0) { sum, counter in
            let (difference, isLess) = now[counter].subtractingReportingOverflow(earlier[counter])
            return sum + (isLess ? 0 : Int(clamping: min(difference, 1 << 40)))
        }
    }
}

/// Finds jumps of the time of day against the clock that never jumps.
struct ClockWatch {
    private var last: (wall: Double, steady: Double)?

    /// - Parameters:
    ///   - wall: Seconds since 1970.
    ///   - steady: Seconds of the monotonic clock.
    /// - Returns: By how much the one has run ahead of the other since it was asked last, in seconds.
    mutating func step(wall: Double, steady: Double) -> Double {
        defer { last = (wall, steady) }
        guard let last else { return 0 }
        return (wall - last.wall) - (steady - last.steady)
    }
}
