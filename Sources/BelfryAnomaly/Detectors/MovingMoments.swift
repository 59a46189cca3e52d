/// Mean and variance that forget exponentially.
///
/// The first `1 / alpha` values count equally, so that the first one does not weigh for ever. Memory: three
/// numbers.
package struct MovingMoments: Restorable, Sendable {
    /// Weight of the newest value once it has run in, above 0 and up to 1.
    package let alpha: Double
    package private(set) var count = 0
    package private(set) var mean = 0.0
    package private(set) var variance = 0.0

    package init(alpha: Double) { self.alpha = alpha.clamped(1e-9, 1) }

    package var deviation: Double { variance.squareRoot() }

    /// Deviations of the value from the mean; 0 before anything was learnt.
    ///
    /// The floor is the least deviation to divide by, above 0: closer than that the value cannot be known.
    package func score(_ value: Double, floor: Double) -> Double {
        count == 0 ? 0 : ((value - mean) / max(deviation, floor)).finite()
    }

    /// Learns a value.
    ///
    /// - Parameters:
    ///   - value: Ignored when not finite.
    ///   - limit: The most that one value may pull, in deviations; it applies after the first 20 values.
    ///   - floor: The least deviation that the limit is counted in.
    package mutating func learn(_ value: Double, limit: Double = .infinity, floor: Double = 0) {
        guard value.isFinite else { return }
        count = min(count + 1, 1 << 53)
        guard count > 1 else {
            mean = value
            return
        }
        let scale = max(deviation, floor)
        // A series that never moved has no scale to hold a value to.
        let reach = count > 20 && scale > 0 && limit.isFinite ? limit * scale : .infinity
        let difference = (value - mean).clamped(-reach, reach)
        let weight = max(alpha, 1 / Double(count))
        let step = weight * difference
        guard (mean + step).isFinite, (difference * step).isFinite else { return }
        mean += step
        variance = (1 - weight) * (variance + difference * step)
    }

    package mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        try visitor.visit(&count, upTo: 1 << 53)
        try visitor.visit(&mean)
        try visitor.visit(&variance)
        guard variance >= 0 else { throw .impossible }
    }
}
