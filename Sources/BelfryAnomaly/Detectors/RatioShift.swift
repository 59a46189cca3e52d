// A ratio of few trials says little, so neither a z score nor a fixed limit will do: what is compared with the
// usual ratio is the lower bound of what the ratio must be.

/// Whether a ratio, such as failures to attempts, has risen above what is usual.
package struct RatioShift: Restorable, Sendable {
    package struct Tuning: Sendable {
        /// Ticks that are summed up before they are judged.
        package var window = 6
        /// Trials in the window below which nothing is said.
        package var minimumTrials = 20.0
        /// Confidence of the bound, in standard deviations.
        package var z = 4.0
        /// It fires when the ratio is surely this many times the usual one...
        package var factor = 2.0
        /// ...and above it by this much.
        package var margin = 0.05
        /// Weight of a tick in the usual ratio; six hours.
        package var alpha = 1.0 / 2_160
        package var warmUp = 360

        package init() {}
    }

    private let tuning: Tuning
    private var gate: LearningGate
    private var successes: [Double]
    private var trials: [Double]
    private var ticks = 0
    /// Exponential means per tick; their ratio is the usual one.
    private var usualSuccesses = 0.0
    private var usualTrials = 0.0

    package init(_ tuning: Tuning = Tuning(), patience: Int = 360) {
        self.tuning = tuning
        gate = LearningGate(patience: patience)
        successes = [Double](repeating: 0, count: max(1, tuning.window))
        trials = successes
    }

    package var usual: Double { usualTrials > 0 ? usualSuccesses / usualTrials : 0 }

    /// Judges the last ticks, then learns this one.
    package mutating func observe(successes: Double, trials: Double, isFiring: Bool) -> Reading {
        let slot = ticks % self.trials.count
        self.successes[slot] = min(max(0, successes.finite()), max(0, trials.finite()))
        self.trials[slot] = max(0, trials.finite())
        let reading = judged()
        if gate.learns(isFiring: isFiring) { learn(slot) }
        ticks = min(ticks + 1, 1 << 53)
        return reading
    }

    /// The score is how many times the level that fires the ratio surely is; so it fires at 1.
    private func judged() -> Reading {
        let sum = trials.reduce(0, +)
        let hits = successes.reduce(0, +)
        let rise = max(usual * tuning.factor, usual + tuning.margin)
        // Nothing is twice a half and more; two fifths of what is left to certainty is as bad.
        let level = min(rise, usual + 0.4 * (1 - usual))
        let bound = WilsonBound.interval(successes: hits, trials: sum, z: tuning.z).lower
        let score = sum >= tuning.minimumTrials && level > 0 ? bound / level : 0
        return Reading(
            observed: sum > 0 ? hits / sum : 0, expected: usual, unit: .ratio, score: score, limit: 1,
            window: trials.count * 10, isLearning: ticks < tuning.warmUp)
    }

    private mutating func learn(_ slot: Int) {
        let weight = max(tuning.alpha, 1 / Double(ticks + 1))
        // One tick may not pull more than a multiple of a usual one.
        let reach = ticks < 20 ? Double.infinity : 8 * (usualTrials + 1)
        let share = trials[slot] > reach ? reach / trials[slot] : 1
        usualSuccesses += weight * (successes[slot] * share - usualSuccesses)
        usualTrials += weight * (trials[slot] * share - usualTrials)
    }

    package mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        try gate.show(to: &visitor)
        try visitor.visit(&successes)
        try visitor.visit(&trials)
        try visitor.visit(&ticks, upTo: 1 << 53)
        try visitor.visit(&usualSuccesses)
        try visitor.visit(&usualTrials)
        guard usualTrials >= 0, usualSuccesses >= 0 else { throw .impossible }
    }
}
