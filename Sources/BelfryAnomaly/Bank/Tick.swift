/// One tick as the judges see it.
struct Tick {
    let counts: TickSummary
    let sketch: TrafficSketch
    /// From 1 up.
    let number: UInt32
    /// Seconds since 1970 in the operators' time zone.
    let time: Int
    /// Names with an alert that fires.
    let firing: Set<AlertName>
    /// What the sessions of the tick showed.
    var sessions = SessionFacts()

    func isFiring(_ name: AlertName) -> Bool { firing.contains(name) }
}

/// What sessions that began and ended in a tick showed.
struct SessionFacts {
    var opens = 0
    /// Opens by subjects that had a session within the last five minutes.
    var reopens = 0
    var replays: [Replay] = []
    var churners: [(subject: UInt64, nets: Int)] = []

    struct Replay {
        let subject: UInt64
        let nets: [ClientNet]
        let seconds: Int
    }
}

extension Finding {
    /// A finding of the level that the reading has, or none.
    static func from(
        _ name: AlertName, _ reading: Reading, key: AlertKey = .none,
        contributors: [AlertEvidence.Contributor] = []
    ) -> Finding? {
        guard reading.holds else { return nil }
        return Finding(
            name, key: key, level: reading.fires ? .fires : .holds,
            evidence: AlertEvidence(reading, contributors: contributors))
    }
}

extension HeavyHitters {
    /// The first few as contributors.
    func contributors(_ key: (UInt64) -> AlertKey) -> [AlertEvidence.Contributor] {
        ranking.prefix(AlertEvidence.contributorLimit).map {
            AlertEvidence.Contributor(key: key($0.key), count: $0.guaranteed, of: total)
        }
    }
}
