// Counts are judged on the scale 2·sqrt(x + 3/8), where a Poisson count has deviation 1 whatever its mean
// (Anscombe 1948). Traffic scatters more than Poisson: users act in groups. On that scale the variance is then
// 1 + overdispersion · mean, and the overdispersion is learnt; so a quiet night and a busy noon share one rule.

/// Whether a count per tick is unusual for its half hour and for the last hours.
///
/// Memory: about 1.6 KB. Learns up to 4 deviations a tick and not while its alert fires. It judges nothing in a
/// half hour that it has never seen.
package struct SeasonalCount: Restorable, Sendable {
    /// How it learns; times in ticks.
    package struct Tuning: Sendable {
        /// Weight of a tick in the level above or below the profile; an hour of ticks of 10 s.
        package var level = 1.0 / 360
        /// Weight of a tick in the quick mean that is judged.
        package var quick = 0.3
        /// Weight of a tick in the overdispersion; three hours.
        package var spread = 1.0 / 1_080
        /// Weight of a tick in the profile: a slot has 180 ticks, so a day weighs about a third.
        package var profile = 1.0 / 450
        /// Ticks before it judges.
        package var warmUp = 360
        /// Deviations that one tick may pull.
        package var clamp = 4.0

        package init() {}
    }

    private let tuning: Tuning
    private var profile: SeasonalProfile
    private var gate: LearningGate
    private var ticks = 0
    /// The level while there is no profile for the half hour.
    private var plain = 0.0
    /// The level above or below the profile.
    private var offset = 0.0
    private var quick = 0.0
    /// Exponential means of the excess variance and of the expected count; their ratio is the overdispersion.
    private var excess = 0.0
    private var volume = 0.0

    package init(_ tuning: Tuning = Tuning(), patience: Int = 360) {
        self.tuning = tuning
        profile = SeasonalProfile(alpha: tuning.profile)
        gate = LearningGate(patience: patience)
    }

    package static func stabilised(_ count: Double) -> Double {
        2 * (count.finite().clamped(0, 1e15) + 0.375).squareRoot()
    }

    package static func count(fromStabilised value: Double) -> Double {
        max(0, value * value / 4 - 0.375)
    }

    package struct Judgement: Equatable, Sendable {
        package let observed: Double
        package let expected: Double
        /// Deviations of the quick mean from expected; negative below.
        package let score: Double
        /// Deviations of this tick alone.
        package let now: Double
        package let isLearning: Bool
    }

    /// Judges a count, then learns it.
    ///
    /// - Parameters:
    ///   - count: Events in the tick.
    ///   - time: Seconds since 1970 in the operators' time zone.
    ///   - isFiring: Whether an alert of this detector fires now.
    /// - Returns: Observed, expected and how far apart.
    package mutating func observe(_ count: Double, at time: Int, isFiring: Bool) -> Judgement {
        let value = Self.stabilised(count)
        let seasonal = profile.expected(at: time)
        let base = ticks == 0 ? value : seasonal.map { $0 + offset } ?? plain
        let expectedCount = Self.count(fromStabilised: base)
        let deviation = (1 + overdispersion * expectedCount).squareRoot()
        let residual = value - base
        quick += tuning.quick * (residual - quick)
        // A quick mean of independent ticks scatters less than a tick does.
        let quickDeviation = deviation * (tuning.quick / (2 - tuning.quick)).squareRoot()
        let judgement = Judgement(
            observed: count.finite(), expected: expectedCount, score: quick / quickDeviation,
            now: residual / deviation, isLearning: seasonal == nil || ticks < tuning.warmUp)
        if gate.learns(isFiring: isFiring) {
            learn(value, residual: residual, deviation: deviation, expected: expectedCount, at: time)
        }
        ticks = min(ticks + 1, 1 << 53)
        return judgement
    }

    private var overdispersion: Double { volume > 0 ? max(0, excess / volume) : 0 }

    private mutating func learn(
        _ value: Double, residual: Double, deviation: Double, expected: Double, at time: Int
    ) {
        let reach = tuning.clamp * deviation
        let step = residual.clamped(-reach, reach)
        let weight = max(tuning.level, 1 / Double(ticks + 1))
        plain = ticks == 0 ? value : plain + weight * (value - plain).clamped(-reach, reach)
        let seasonal = profile.expected(at: time)
        offset = seasonal.map { offset + tuning.level * (value - $0 - offset).clamped(-reach, reach) } ?? 0
        // A half hour that is not known yet is learnt as it is: it must not be pulled to the one before.
        profile.learn(seasonal == nil ? value : value - residual + step, at: time)
        let spread = max(tuning.spread, 1 / Double(ticks + 1))
        excess += spread * (step * step - 1 - excess)
        volume += spread * (expected - volume)
    }

    package mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        try profile.show(to: &visitor)
        try gate.show(to: &visitor)
        try visitor.visit(&ticks, upTo: 1 << 53)
        try visitor.visit(&plain)
        try visitor.visit(&offset)
        try visitor.visit(&quick)
        try visitor.visit(&excess)
        try visitor.visit(&volume)
        guard volume >= 0 else { throw .impossible }
    }
}
