package import BelfryAnomaly
import BelfryBytes

/// Days of a house in which next to nothing happens: what a relay has learnt before it is attacked in a trial.
///
/// Detectors judge nothing in a half hour that they have never seen, so a relay without a past is silent for a day.
package enum QuietHouse {
    /// Thursday to Sunday: every half hour of a weekday and of a weekend.
    package static let days = 4

    /// - Returns: Detectors that have seen such days; an alert that they raised on the way is a fault.
    package static func learnt(seed: UInt64) -> (bank: DetectorBank, alerts: [AlertTransition]) {
        var bank = DetectorBank(seed: seed)
        var random = RandomSource(seed: seed)
        var alerts: [AlertTransition] = []
        for tick in 0..<(days * 8_640) {
            let (counts, sketch) = quietTick(&random)
            let time = tick * TickSummary.seconds
            let now = Instant(nanoseconds: UInt64(time) * 1_000_000_000)
            alerts += bank.advance(counts, sketch, at: now, time: time)
        }
        return (bank, alerts)
    }

    private static func quietTick(_ random: inout RandomSource) -> (TickSummary, TrafficSketch) {
        var counts = TickSummary()
        var sketch = TrafficSketch()
        let visits = random.poisson(1)
        counts.accepts = visits
        counts.handshakes = visits
        counts.authAttempts = visits
        for _ in 0..<visits {
            let net = ClientNet(ipv4: UInt32(truncatingIfNeeded: random.bits()))
            sketch.accepted(from: net)
            sketch.session(.init(true, subject: random.bits(), token: random.bits(), net: net))
        }
        counts.received = visits + random.poisson(2)
        counts.delivered = 3 * counts.received
        counts.connections = 30
        counts.activeUsers = 10
        for _ in 0..<counts.received {
            let room = random.bits() % 8
            sketch.published(by: random.bits() % 30, to: room)
            sketch.fannedOut(in: room, to: 3)
        }
        // Slow, so that a busy test machine is no slower.
        counts.deliveryP50 = 0.05 * RealMath.exp(0.1 * random.normal())
        counts.deliveryP99 = 4 * counts.deliveryP50
        return (counts, sketch)
    }
}
