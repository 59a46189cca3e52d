// At a rate of one event a minute a count per ten seconds is 0 or 1 and says nothing; the time since the last
// event does. If events come independently at rate r, a gap longer than t has the chance exp(-r·t).

/// Whether it has been quiet for longer than chance explains.
package struct GapDetector: Restorable, Sendable {
    /// It fires when a gap this long has a chance of less than exp(-surprise).
    package let surprise: Double
    /// Gaps shorter than this never fire, in seconds: bursts make short gaps common.
    package let floor: Double
    /// Events before it judges.
    package let warmUp: Int
    /// Events of one tick that count towards what is usual.
    private static let pullPerTick = 10
    private let alpha: Double
    private var events = 0
    private var last = 0.0
    private var meanGap = 0.0

    package init(surprise: Double = 20, floor: Double = 30, warmUp: Int = 50, alpha: Double = 0.02) {
        self.surprise = surprise
        self.floor = floor
        self.warmUp = warmUp
        self.alpha = alpha.clamped(1e-9, 1)
    }

    /// Seconds between events that are usual.
    package var usualGap: Double { meanGap }

    /// Notes events that came in the tick that ends now.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - now: Seconds, never decreasing.
    package mutating func note(_ count: Int, at now: Double) {
        guard count > 0, now.isFinite else { return }
        if events > 0 {
            let gap = max(0, now - last) / Double(count)
            // Each of the events pulls; but of a tick no more than a few do, or one burst in a quiet house would make
            // every later silence look long.
            let pull = Double(min(count, Self.pullPerTick))
            let weight = max(1 - RealMath.power(1 - alpha, pull), 1 / Double(events + 1))
            meanGap += weight * (gap - meanGap)
        }
        last = now
        events = min(events + min(count, 1 << 30), 1 << 53)
    }

    /// Judges the silence up to now.
    ///
    /// - Parameters:
    ///   - now: Seconds, not before the last event.
    ///   - share: The rate expected now as a share of the rate that the mean gap was learnt at, such as the profile
    ///     says for the evening; 1 when nothing is known.
    /// - Returns: The gap in seconds; the score is the gap in usual ones.
    package func judge(at now: Double, share: Double = 1) -> Reading {
        let gap = max(0, now - last)
        let expected = meanGap / max(share, 1e-6)
        let score = expected > 0 && gap >= floor ? gap / expected : 0
        return Reading(
            observed: gap, expected: expected, unit: .seconds, score: score.finite(), limit: surprise,
            window: Int(min(gap, 1e9).finite()), isLearning: events < warmUp)
    }

    package mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        try visitor.visit(&events, upTo: 1 << 53)
        try visitor.visit(&last)
        try visitor.visit(&meanGap)
        guard meanGap >= 0 else { throw .impossible }
    }
}
