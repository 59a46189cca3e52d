/// What a ratio is at least and at most, given how few trials there were (Wilson, JASA 1927).
package enum WilsonBound {
    /// The lower and the upper bound.
    ///
    /// - Parameters:
    ///   - successes: From 0 to `trials`.
    ///   - trials: 0 gives the whole of 0 to 1.
    ///   - z: Standard deviations of confidence.
    /// - Returns: Both from 0 to 1.
    package static func interval(
        successes: Double, trials: Double, z: Double
    ) -> (lower: Double, upper: Double) {
        guard trials > 0, successes >= 0 else { return (0, 1) }
        let share = min(1, successes / trials)
        let square = z * z
        let middle = share + square / (2 * trials)
        let spread = z * (share * (1 - share) / trials + square / (4 * trials * trials)).squareRoot()
        let scale = 1 + square / trials
        // Rounding must not put the ratio itself outside.
        return (
            min(share, max(0, (middle - spread) / scale)), max(share, min(1, (middle + spread) / scale))
        )
    }
}
