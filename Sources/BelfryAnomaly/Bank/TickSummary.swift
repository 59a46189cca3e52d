/// What happened in one tick of 10 s, as counts.
///
/// Each loop fills one from its metric shard; ``add(_:)`` puts them together.
package struct TickSummary: Equatable, Sendable {
    /// Seconds of a tick.
    package static let seconds = 10

    /// How the relay's own probe through its public port went.
    package enum Probe: Sendable {
        case notRun
        case passed
        case failed
    }

    package var accepts = 0
    /// TCP connections without a whole ClientHello now.
    package var halfOpen = 0
    package var handshakes = 0
    package var handshakeFailures = 0
    /// Hellos that offer nothing newer than TLS 1.1.
    package var legacyOffers = 0
    package var authAttempts = 0
    package var authFailures = 0
    /// Of the failures, tokens that were merely out of date.
    package var authExpired = 0
    package var received = 0
    package var rejected = 0
    package var delivered = 0
    /// Connections open at the end of the tick.
    package var connections = 0
    /// Of them, those whose oldest waiting byte is older than the limit.
    package var slowConsumers = 0
    package var queuedBytes = 0
    /// Users who sent anything.
    package var activeUsers = 0
    /// Of them, those a limit has denied something.
    package var throttledUsers = 0
    /// Median and 99th percentile of delivery, in seconds; 0 when nothing was delivered.
    package var deliveryP50 = 0.0
    package var deliveryP99 = 0.0
    package var probe = Probe.notRun
    /// Journal entries lost.
    package var journalLost = 0
    /// Seconds since a journal entry was last read back; 0 when that is not done.
    package var journalUnverified = 0
    /// Seconds until the first certificate ends; `Int.max` for none.
    package var certificateLife = Int.max
    /// Seconds by which the token keys are older than they may be.
    package var keysOverdue = 0
    /// Seconds the wall clock has jumped against the monotonic one.
    package var clockStep = 0.0

    package init() {}

    private static var counts: [WritableKeyPath<TickSummary, Int>] {
        [
            \.accepts, \.halfOpen, \.handshakes, \.handshakeFailures, \.legacyOffers, \.authAttempts,
            \.authFailures, \.authExpired, \.received, \.rejected, \.delivered, \.connections,
            \.slowConsumers,
            \.queuedBytes, \.activeUsers, \.throttledUsers, \.journalLost,
        ]
    }

    /// Adds the counts of another loop.
    ///
    /// What is no count (quantiles, deadlines, the probe) is the worse of both.
    package mutating func add(_ other: TickSummary) {
        for count in Self.counts {
            let (sum, overflow) = self[keyPath: count].addingReportingOverflow(other[keyPath: count])
            self[keyPath: count] = overflow ? .max : sum
        }
        deliveryP50 = max(deliveryP50, other.deliveryP50)
        deliveryP99 = max(deliveryP99, other.deliveryP99)
        if probe != .failed, other.probe != .notRun { probe = other.probe }
        journalUnverified = max(journalUnverified, other.journalUnverified)
        certificateLife = min(certificateLife, other.certificateLife)
        keysOverdue = max(keysOverdue, other.keysOverdue)
        if abs(other.clockStep) > abs(clockStep) { clockStep = other.clockStep }
    }
}
