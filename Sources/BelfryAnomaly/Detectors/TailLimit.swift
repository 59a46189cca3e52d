// SPOT (Siffer and others, KDD 2017): beyond a high quantile the excesses of any ordinary distribution follow a
// generalised Pareto distribution (Pickands, Balkema, de Haan). Fitted to the last excesses, it gives the level
// that is passed once in so many values, which nobody has to guess by hand.

/// The level that a series passes once in a given number of values.
///
/// Memory: the last ``capacity`` excesses. Fitted by the method of moments, which has no iteration that could
/// fail, with the shape held in the range where moments exist.
package struct TailLimit: Restorable, Sendable {
    /// Excesses that are kept.
    package static let capacity = 200
    /// How often the level may be passed, such as once in 10⁵ values.
    package let risk: Double
    private var threshold: QuantileEstimator
    private var values = 0
    private var excesses = [Double](repeating: 0, count: capacity)
    private var passed = 0
    /// Follows the excesses; kept so that the level need not be computed for each value.
    package private(set) var level = Double.greatestFiniteMagnitude

    /// - Parameters:
    ///   - risk: From 0 to 1, below 1 less `quantile`.
    ///   - quantile: Where the tail begins.
    package init(risk: Double = 1e-5, quantile: Double = 0.98) {
        self.risk = risk
        threshold = QuantileEstimator(quantile: quantile)
    }

    /// Whether there are enough excesses to judge by.
    package var isWarm: Bool { passed >= 20 }

    /// Learns a value, unless it lies beyond the level: what is abnormal teaches nothing.
    ///
    /// - Returns: Whether it lies beyond.
    @discardableResult package mutating func add(_ value: Double) -> Bool {
        guard value.isFinite else { return false }
        if isWarm, value > level { return true }
        learn(value)
        return false
    }

    /// Learns a value whatever it is, when a new normal has been accepted.
    package mutating func learn(_ value: Double) {
        guard value.isFinite else { return }
        values = min(values + 1, 1 << 53)
        threshold.add(value)
        let excess = value - threshold.value
        guard values > 50, excess > 0, excess.isFinite else { return }
        excesses[passed % Self.capacity] = excess
        passed = min(passed + 1, 1 << 53)
        refit()
    }

    private mutating func refit() {
        let kept = Double(min(passed, Self.capacity))
        let mean = excesses.reduce(0, +) / kept
        let square = excesses.reduce(0) { $0 + $1 * $1 } / kept
        let variance = square - mean * mean
        // Shape 0 is the exponential distribution; above 0.45 the variance would not exist.
        let shape = variance > 0 ? (0.5 * (1 - mean * mean / variance)).clamped(-0.5, 0.45) : 0
        let scale = mean * (1 - shape)
        let ratio = risk * Double(values) / Double(passed)
        let reach =
            abs(shape) < 1e-6
            ? -scale * RealMath.log(ratio) : scale / shape * (RealMath.power(ratio, -shape) - 1)
        let fitted = threshold.value + max(0, reach)
        if fitted.isFinite { level = fitted }
    }

    package mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        try threshold.show(to: &visitor)
        try visitor.visit(&values, upTo: 1 << 53)
        try visitor.visit(&excesses)
        try visitor.visit(&passed, upTo: 1 << 53)
        try visitor.visit(&level)
        guard excesses.allSatisfy({ $0 >= 0 }), passed <= values else { throw .impossible }
    }
}

/// The same for a series whose level drifts: the tail is that of the distance from a moving mean (DSPOT).
package struct DriftingTailLimit: Restorable, Sendable {
    private var moments: MovingMoments
    private var tail: TailLimit

    /// Alpha is the weight of a value in the moving mean.
    package init(risk: Double = 1e-5, alpha: Double = 1.0 / 360) {
        moments = MovingMoments(alpha: alpha)
        tail = TailLimit(risk: risk)
    }

    package var expected: Double { moments.mean }
    /// The level in the unit of the series.
    package var level: Double { tail.isWarm ? moments.mean + tail.level : .greatestFiniteMagnitude }
    package var isWarm: Bool { tail.isWarm }

    /// Learns a value unless it lies beyond the level.
    ///
    /// - Parameters:
    ///   - value: In the unit of the series.
    ///   - always: Learn it even then, when a new normal has been accepted.
    /// - Returns: Whether it lies beyond.
    @discardableResult package mutating func add(_ value: Double, always: Bool = false) -> Bool {
        guard value.isFinite else { return false }
        let distance = value - moments.mean
        let isBeyond = tail.isWarm && distance > tail.level
        if isBeyond && !always { return true }
        if moments.count > 20 { tail.learn(distance) }
        moments.learn(value, limit: 4)
        return isBeyond
    }

    package mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        try moments.show(to: &visitor)
        try tail.show(to: &visitor)
    }
}
