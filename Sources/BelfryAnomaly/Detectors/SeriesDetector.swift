// For a series of any unit (latency, factor, bytes) nothing is known beforehand about its scatter or its scale.
// Three weak views are put together, each in deviations of its own history: the value, its quick mean, and how
// restless it is. What is judged is the residual against the half-hour profile where that explains the series
// better than its level does. Large values are compressed, so that one outlier does not blunt the scale.

/// Whether a value is unusual for its series.
///
/// Memory: about 1 KB, whatever the length of the series.
package struct SeriesDetector: Restorable, Sendable {
    /// How it learns; weights are those of one value.
    package struct Tuning: Sendable {
        package var level = 0.001
        package var quick = 0.04
        package var restless = 0.05
        package var profile = 0.03
        /// The profile is used when its squared error is below this share of the level's.
        package var profileGain = 0.75
        /// Deviations that one value may pull.
        package var clamp = 6.0
        /// What the two other views count against the first.
        package var quickWeight = 1.0
        package var restlessWeight = 0.5
        /// The first view's most, in deviations: a single value should not outshout a lasting change.
        package var cap = 5.0
        /// Values in units of their mean magnitude are straight up to about this, logarithmic above.
        package var bend = 1.5
        /// The least deviation, in the same unit.
        package var floor = 0.013
        /// How fast an earlier peak is forgotten, and what it counts against a new one: an incident is told once.
        package var forget = 0.009
        package var peakWeight = 0.55
        /// Values until it trusts itself.
        package var warmUp = 190.0

        package init() {}
    }

    package struct Judgement: Equatable, Sendable {
        /// All views together, in deviations, from 0 up.
        package let strength: Double
        /// The strength as far as it is news: 0 unless it passes every peak that is not forgotten.
        package let news: Double
        /// Deviations of the quick mean alone; negative below.
        package let shift: Double
        package let isLearning: Bool
    }

    private let tuning: Tuning
    private var gate: LearningGate
    private var count = 0
    private var scale = 0.0
    private var level = 0.0
    private var quick = 0.0
    private var energy = 0.0
    private var previous = 0.0
    private var peak = 0.0
    private var levelError = 0.0
    private var profileError = 0.0
    private var profile = [Double](repeating: 0, count: 48)
    private var known = [Double](repeating: 0, count: 48)
    private var residuals: MovingMoments
    private var quicks: MovingMoments
    private var restlessness: MovingMoments

    /// Patience is the number of values, while its alert fires, after which it learns on.
    package init(_ tuning: Tuning = Tuning(), patience: Int = 360) {
        self.tuning = tuning
        gate = LearningGate(patience: patience)
        residuals = MovingMoments(alpha: tuning.level)
        quicks = residuals
        restlessness = residuals
    }

    /// Judges a value, then learns it.
    ///
    /// - Parameters:
    ///   - value: One that is not finite is taken for 0.
    ///   - time: Seconds since midnight, or since any midnight.
    ///   - isFiring: Whether an alert of this detector fires now.
    /// - Returns: How unusual it is, and how much of that is news.
    package mutating func observe(_ value: Double, at time: Int, isFiring: Bool = false) -> Judgement {
        let learns = gate.learns(isFiring: isFiring)
        count = min(count + 1, 1 << 53)
        let bent = bend(value.finite(), learns: learns)
        if count == 1 { (level, previous) = (bent, bent) }
        let residual = self.residual(of: bent, at: time, learns: learns)
        quick += tuning.quick * (residual - quick)
        energy += tuning.restless * (min((bent - previous) * (bent - previous), 100) - energy)
        previous = bent
        let restless = RealMath.log(energy + tuning.floor * tuning.floor)
        let scores = (
            value: residuals.score(residual, floor: tuning.floor),
            quick: quicks.score(quick, floor: tuning.floor / 2),
            restless: max(0, restlessness.score(restless, floor: 0.2))
        )
        if learns { learn(residual, restless) }
        return judgement(scores)
    }

    private mutating func judgement(_ scores: (value: Double, quick: Double, restless: Double)) -> Judgement {
        let value = min(abs(scores.value), tuning.cap)
        let squares =
            value * value + tuning.quickWeight * scores.quick * scores.quick
            + tuning.restlessWeight * scores.restless * scores.restless
        let trust = min(1, Double(count) / tuning.warmUp)
        let strength = min(squares.squareRoot(), 1_000) * (trust < 1 ? trust / 2 : 1)
        let news = strength > peak ? strength - tuning.peakWeight * peak : 0
        peak = max(strength, peak * (1 - tuning.forget))
        return Judgement(strength: strength, news: news, shift: scores.quick, isLearning: trust < 1)
    }

    /// The value in units of its usual magnitude, compressed above ``Tuning/bend``.
    private mutating func bend(_ value: Double, learns: Bool) -> Double {
        if learns { scale += max(0.002, 1 / Double(count)) * (abs(value) - scale) }
        guard scale > 0 else { return 0 }
        let ratio = min(abs(value) / scale / tuning.bend, 1e150)
        let bent = RealMath.log(ratio + (ratio * ratio + 1).squareRoot()) * tuning.bend
        return value < 0 ? -bent : bent
    }

    private mutating func residual(of value: Double, at time: Int, learns: Bool) -> Double {
        let slot = abs(time % 86_400) / 1_800
        let fromLevel = value - level
        let fromProfile = value - profile[slot]
        let usesProfile = known[slot] > 0 && profileError < tuning.profileGain * levelError
        if learns {
            if known[slot] > 0 {
                levelError += 0.002 * (fromLevel * fromLevel - levelError)
                profileError += 0.002 * (fromProfile * fromProfile - profileError)
            }
            profile[slot] += (known[slot] > 0 ? tuning.profile : 1) * fromProfile
            known[slot] = 1
            level += max(tuning.level, 1 / Double(count)) * fromLevel
        }
        return usesProfile ? fromProfile : fromLevel
    }

    private mutating func learn(_ residual: Double, _ restless: Double) {
        residuals.learn(residual, limit: tuning.clamp, floor: tuning.floor)
        quicks.learn(quick, limit: tuning.clamp, floor: tuning.floor / 2)
        restlessness.learn(restless, limit: tuning.clamp, floor: 0.2)
    }

    package mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        try gate.show(to: &visitor)
        try visitor.visit(&count, upTo: 1 << 53)
        for field in [
            \Self.scale, \.level, \.quick, \.energy, \.previous, \.peak, \.levelError, \.profileError,
        ] {
            try visitor.visit(&self[keyPath: field])
        }
        try visitor.visit(&profile)
        try visitor.visit(&known)
        try residuals.show(to: &visitor)
        try quicks.show(to: &visitor)
        try restlessness.show(to: &visitor)
        guard scale >= 0, energy >= 0, peak >= 0, levelError >= 0, profileError >= 0 else {
            throw .impossible
        }
    }
}
