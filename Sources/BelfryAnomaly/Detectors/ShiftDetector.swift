// Page's cumulative sum (Biometrika 1954) on standardised deviations: small ones that do not cease add up until
// they cross a limit. It tells slow shifts, and since when; it is no detector of spikes.

/// Whether the mean of a series has moved, up or down.
package struct ShiftDetector: Restorable, Sendable {
    /// Deviations per tick that count as nothing: half of the least shift worth telling.
    package let slack: Double
    /// The sum at which it fires.
    package let limit: Double
    /// The most that one tick adds, so that a spike alone is no shift.
    package let cap: Double
    /// The sums, each from 0 up.
    package private(set) var up = 0.0
    package private(set) var down = 0.0
    /// Ticks since each sum left 0.
    package private(set) var upFor = 0
    package private(set) var downFor = 0

    package init(slack: Double = 0.75, limit: Double = 12, cap: Double = 3) {
        self.slack = slack
        self.limit = limit
        self.cap = cap
    }

    /// Adds a tick.
    ///
    /// - Parameter score: The deviation from expected, in standard deviations.
    package mutating func add(_ score: Double) {
        let step = score.finite().clamped(-cap, cap)
        up = min(max(0, up + step - slack), 2 * limit)
        down = min(max(0, down - step - slack), 2 * limit)
        upFor = up > 0 ? min(upFor + 1, 1 << 53) : 0
        downFor = down > 0 ? min(downFor + 1, 1 << 53) : 0
    }

    /// Forgets the sums, when a new normal has been accepted.
    package mutating func reset() { self = ShiftDetector(slack: slack, limit: limit, cap: cap) }

    package mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        try visitor.visit(&up)
        try visitor.visit(&down)
        try visitor.visit(&upFor, upTo: 1 << 53)
        try visitor.visit(&downFor, upTo: 1 << 53)
        guard 0...(2 * limit) ~= up, 0...(2 * limit) ~= down else { throw .impossible }
    }
}
