/// One detector.
package struct DetectorRecord: Sendable, Encodable, Equatable {
    /// The most telling first; of a detector with several alerts, the first that one of them is in.
    package enum State: String, Sendable, Encodable, CaseIterable {
        case firing
        /// The condition of an alert is true, and must be so for some more ticks.
        case pending
        /// All its alerts are switched off.
        case off
        /// It has not seen enough to judge.
        case warmingUp = "warming_up"
        case quiet
    }

    package enum Learning: String, Sendable, Encodable {
        case warmingUp = "warming_up"
        case on
        /// One of its alerts fires, so that what it sees is not taken for usual.
        case frozen
        /// Its limits are fixed.
        case never
    }

    /// What it saw in the last tick; all finite.
    package struct Sight: Sendable, Encodable, Equatable {
        package var observed: Double
        /// 0 when no usual value is known.
        package var expected: Double
        package var unit: String
        package var windowSeconds: Int
        /// In the detector's own measure, as its limit.
        package var score: Double
        /// The score from which an alert's condition is true.
        package var limit: Double
        /// There was enough to judge, and of the right kind; otherwise the score counts as 0.
        package var isJudged: Bool

        package init(
            observed: Double, expected: Double, unit: String, windowSeconds: Int, score: Double,
            limit: Double, isJudged: Bool
        ) {
            self.observed = observed
            self.expected = expected
            self.unit = unit
            self.windowSeconds = windowSeconds
            self.score = score
            self.limit = limit
            self.isJudged = isJudged
        }

        private enum CodingKeys: String, CodingKey {
            case observed, expected, unit
            case windowSeconds = "window_seconds"
            case score, limit
            case isJudged = "judged"
        }
    }

    /// One of its alerts.
    package struct Alert: Sendable, Encodable, Equatable {
        package enum Mode: String, Sendable, Encodable { case on, shadow, off }

        package var name: String
        package var severity: AlertRecord.Severity
        package var mode: Mode
        /// Instances that fire; of them, those that only wait to be quiet for long enough; those that do not fire yet.
        package var firing: Int
        package var clearing: Int
        package var pending: Int
        /// Ticks in a row that the nearest pending one has, and that it needs.
        package var ticks: Int
        package var ticksNeeded: Int

        package init(
            name: String, severity: AlertRecord.Severity, mode: Mode, firing: Int = 0, clearing: Int = 0,
            pending: Int = 0, ticks: Int = 0, ticksNeeded: Int
        ) {
            self.name = name
            self.severity = severity
            self.mode = mode
            self.firing = firing
            self.clearing = clearing
            self.pending = pending
            self.ticks = ticks
            self.ticksNeeded = ticksNeeded
        }

        private enum CodingKeys: String, CodingKey {
            case name, severity, mode, firing, clearing, pending, ticks
            case ticksNeeded = "ticks_needed"
        }
    }

    package var name: String
    package var learning: Learning
    /// `nil` before the first tick.
    package var sight: Sight?
    package var alerts: [Alert]

    package init(name: String, learning: Learning, sight: Sight?, alerts: [Alert]) {
        self.name = name
        self.learning = learning
        self.sight = sight
        self.alerts = alerts
    }

    package var state: State {
        if alerts.contains(where: { $0.firing > 0 }) { return .firing }
        if alerts.contains(where: { $0.pending > 0 }) { return .pending }
        if alerts.allSatisfy({ $0.mode == .off }) { return .off }
        return learning == .warmingUp ? .warmingUp : .quiet
    }

    private enum CodingKeys: String, CodingKey {
        case name = "detector"
        case state, reason, learning
        case sight = "seen"
        case alerts
    }

    package func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(name, forKey: .name)
        try object.encode(state, forKey: .state)
        try object.encode(reason, forKey: .reason)
        try object.encode(learning, forKey: .learning)
        try object.encode(sight, forKey: .sight)
        try object.encode(alerts, forKey: .alerts)
    }
}
