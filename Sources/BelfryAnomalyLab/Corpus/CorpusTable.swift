package import BelfryAnomaly

/// How the detectors did on all shapes: the rows of the table in the documentation.
package struct CorpusTable: Sendable {
    /// One strength, over all shapes.
    package struct Summary: Sendable {
        package let recall: Double
        package let precision: Double
        /// Of those found that somebody in particular did.
        package let culprit: Double
        /// Seconds; attacks and shifts.
        package let attackDelay: Int?
        package let shiftDelay: Int?
        package let incidents: Int
    }

    private var runs: [(shape: TrafficShape, strength: Incident.Strength?, run: CorpusRun)] = []

    package init() {}

    package mutating func add(_ shape: TrafficShape, _ strength: Incident.Strength?, _ run: CorpusRun) {
        runs.append((shape, strength, run))
    }

    private func outcomes(_ strength: Incident.Strength) -> [CorpusRun.Outcome] {
        runs.filter { $0.strength == strength }.flatMap(\.run.outcomes)
    }

    package func summary(_ strength: Incident.Strength) -> Summary {
        let outcomes = self.outcomes(strength)
        let found = outcomes.filter { $0.delay != nil }
        let named = found.compactMap(\.namedRight)
        let runs = self.runs.filter { $0.strength == strength }.map(\.run)
        let right = runs.reduce(0) { $0 + $1.trueAlarms.count }
        let wrong = runs.reduce(0) { $0 + $1.falseAlarms.count }
        return Summary(
            recall: Self.share(found.count, outcomes.count), precision: Self.share(right, right + wrong),
            culprit: Self.share(named.count { $0 }, named.count),
            attackDelay: Self.median(
                found.filter { Incident.isAttack($0.incident.type) }.compactMap(\.delay)),
            shiftDelay: Self.median(
                found.filter { !Incident.isAttack($0.incident.type) }.compactMap(\.delay)),
            incidents: outcomes.count)
    }

    /// False alarms and days of the clean runs.
    package var clean: (falseAlarms: [CorpusRun.FalseAlarm], days: Int) {
        let runs = self.runs.filter { $0.strength == nil }.map(\.run)
        return (runs.flatMap(\.falseAlarms), runs.reduce(0) { $0 + $1.judgedDays })
    }

    /// Found of played, over all shapes, and the median delay.
    package func cell(
        _ type: AlertName, _ strength: Incident.Strength
    ) -> (found: Int, played: Int, delay: Int?) {
        let outcomes = self.outcomes(strength).filter { $0.incident.type == type }
        let delays = outcomes.compactMap(\.delay)
        return (delays.count, outcomes.count, Self.median(delays))
    }

    /// True and false alarms of one name over the runs with incidents of one strength.
    package func alarms(_ name: AlertName, _ strength: Incident.Strength) -> (right: Int, wrong: Int) {
        let runs = self.runs.filter { $0.strength == strength }.map(\.run)
        return (
            runs.reduce(0) { $0 + $1.trueAlarms.count { $0 == name } },
            runs.reduce(0) { $0 + $1.falseAlarms.count { $0.name == name } }
        )
    }

    /// What was not found, by shape.
    package func missed(_ strength: Incident.Strength) -> [(shape: TrafficShape, type: AlertName)] {
        runs.filter { $0.strength == strength }.flatMap { entry in
            entry.run.outcomes.filter { $0.delay == nil }.map { (entry.shape, $0.incident.type) }
        }
    }

    package var falseAlarms:
        [(shape: TrafficShape, strength: Incident.Strength?, alarm: CorpusRun.FalseAlarm)]
    {
        runs.flatMap { entry in entry.run.falseAlarms.map { (entry.shape, entry.strength, $0) } }
    }

    private static func share(_ part: Int, _ whole: Int) -> Double {
        whole > 0 ? Double(part) / Double(whole) : 1
    }

    private static func median(_ values: [Int]) -> Int? {
        values.isEmpty ? nil : values.sorted()[values.count / 2]
    }
}
