/// What a number counts.
package enum Unit: String, CaseIterable, Sendable {
    case perTick = "per 10 s"
    case perMinute = "per minute"
    case ratio
    case seconds
    case bytes
    case connections
    case subjects
    case sources
    case prefixes
    case entries
    case factor
}

/// What a detector saw in one tick, and how it judges it.
package struct Reading: Equatable, Sendable {
    package var observed: Double
    /// What it expected, in the same unit; 0 while it knows nothing.
    package var expected: Double
    package var unit: Unit
    /// How far from expected, in the detector's own measure; grows with the deviation.
    package var score: Double
    /// The score from which it fires.
    package var limit: Double
    /// Seconds that the observed value covers.
    package var window: Int
    /// Not yet warm: only static limits apply.
    package var isLearning = false

    package var fires: Bool { !isLearning && score >= limit }

    /// Still above the level at which an alert that fires may clear: 60 % of the firing one.
    package var holds: Bool { !isLearning && score >= 0.6 * limit }

    package init(
        observed: Double, expected: Double, unit: Unit, score: Double, limit: Double, window: Int,
        isLearning: Bool = false
    ) {
        self.observed = observed
        self.expected = expected
        self.unit = unit
        self.score = score
        self.limit = limit
        self.window = window
        self.isLearning = isLearning
    }
}
