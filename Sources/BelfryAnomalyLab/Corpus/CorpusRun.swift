package import BelfryAnomaly
import BelfryBytes

/// One run of the detectors over days of one house, with incidents or without.
package struct CorpusRun: Sendable {
    /// What became of one incident.
    package struct Outcome: Sendable {
        package let incident: Incident
        /// Seconds from its start to its alert; `nil` when that never came.
        package let delay: Int?
        /// Whether the alert named the one who did it; `nil` when nobody in particular did.
        package let namedRight: Bool?
    }

    /// An alert that nothing labelled explains.
    package struct FalseAlarm: Sendable {
        package let name: AlertName
        package let time: Int
        /// The incident that is no reason for it.
        package let during: AlertName?
        package let summary: String
    }

    package private(set) var outcomes: [Outcome] = []
    package private(set) var falseAlarms: [FalseAlarm] = []
    /// Alerts that fired during an incident of which they are true.
    package private(set) var trueAlarms: [AlertName] = []
    package private(set) var judgedDays = 0

    /// Days in which the detectors only learn; alerts of these days are not judged.
    package static let learningDays = 8
    /// How long after its end an incident still explains an alert.
    private static let aftermath = 180

    /// Plays the incidents; none for a clean run.
    ///
    /// - Parameters:
    ///   - shape: The house.
    ///   - days: In all, the learning ones included.
    ///   - strength: `nil` for a clean run.
    ///   - seed: The same seed plays the same days.
    package init(_ shape: TrafficShape, days: Int, strength: Incident.Strength?, seed: UInt64) {
        var house = House(shape, seed: seed)
        var bank = DetectorBank(seed: seed &* 3)
        let incidents = strength.map { Self.schedule(shape, days: days, $0, seed: seed) } ?? []
        var hits: [Int: (delay: Int, named: Bool?)] = [:]
        var next = 0
        for time in stride(from: 0, to: days * 86_400, by: TickSummary.seconds) {
            while next < incidents.count, incidents[next].end + Self.aftermath < time { next += 1 }
            let current = next < incidents.count && incidents[next].start <= time ? next : nil
            let playing = current.map { incidents[$0] }.flatMap { time < $0.end ? $0 : nil }
            var (counts, sketch) = house.tick(at: time, silence: playing?.silence ?? 0)
            playing?.play(at: time, in: &house, &counts, &sketch)
            let now = Instant(nanoseconds: UInt64(time) * 1_000_000_000)
            for case .firing(let alert) in bank.advance(counts, sketch, at: now, time: time) {
                guard time >= Self.learningDays * 86_400 else { continue }
                note(alert, at: time, current.map { incidents[$0] }, current, &hits)
            }
        }
        judgedDays = max(0, days - Self.learningDays)
        outcomes = incidents.indices.map { index in
            Outcome(
                incident: incidents[index], delay: hits[index]?.delay, namedRight: hits[index]?.named ?? nil)
        }
    }

    private mutating func note(
        _ alert: Alert, at time: Int, _ incident: Incident?, _ index: Int?,
        _ hits: inout [Int: (delay: Int, named: Bool?)]
    ) {
        guard let incident, let index, alert.name == incident.type || incident.alsoTrue.contains(alert.name)
        else {
            falseAlarms.append(
                FalseAlarm(name: alert.name, time: time, during: incident?.type, summary: alert.summary))
            return
        }
        trueAlarms.append(alert.name)
        guard alert.name == incident.type, hits[index] == nil else { return }
        let named =
            alert.key == incident.culprit || alert.evidence.contributors.first?.key == incident.culprit
        // The tick that begins at `start` is judged when it ends.
        let delay = time - incident.start + TickSummary.seconds
        hits[index] = (delay, incident.culprit == .none ? nil : named)
    }

    /// Every type in turn, at the hours at which the house is busy.
    private static func schedule(
        _ shape: TrafficShape, days: Int, _ strength: Incident.Strength, seed: UInt64
    ) -> [Incident] {
        var random = RandomSource(seed: seed ^ 0x1A7E)
        var incidents: [Incident] = []
        for day in learningDays..<max(learningDays, days) where isUsable(day, shape) {
            for hour in shape.incidentHours {
                let type = Incident.types[incidents.count % Incident.types.count]
                let start = day * 86_400 + Int(hour * 360) * 10 + random.below(60) * 10
                incidents.append(Incident(type, strength, start: start, seed: random.bits()))
            }
        }
        return incidents
    }

    private static func isUsable(_ day: Int, _ shape: TrafficShape) -> Bool {
        !shape.isQuietDay(day) && !(shape == .launch && TrafficShape.isLaunchDay(day)) && day % 10 != 9
    }
}
