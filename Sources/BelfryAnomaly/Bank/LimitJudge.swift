/// What has a limit of its own and needs no learning: deadlines, the clock, the journal.
enum LimitJudge {
    private static let day = 86_400

    static func judge(_ tick: Tick) -> [Finding] {
        [certificate(tick), keys(tick), clock(tick), journal(tick)].compactMap { $0 }
    }

    /// The worst of what is found: there is one measure for four limits.
    static func readings(_ findings: [Finding]) -> SignalReadings {
        var readings = SignalReadings()
        let worst = findings.max { $0.severity == .warning && $1.severity == .critical }
        readings.note(
            .limits,
            worst?.evidence.reading
                ?? Reading(observed: 0, expected: 0, unit: .entries, score: 0, limit: 1, window: 10))
        return readings
    }

    private static func certificate(_ tick: Tick) -> Finding? {
        let life = tick.counts.certificateLife
        guard life <= 14 * day else { return nil }
        return finding(
            .expiryOrClock, .item(.certificate), life <= 3 * day ? .critical : .warning, Double(life),
            limit: Double(14 * day), .seconds)
    }

    private static func keys(_ tick: Tick) -> Finding? {
        guard tick.counts.keysOverdue > 0 else { return nil }
        return finding(
            .expiryOrClock, .item(.keys), .warning, Double(tick.counts.keysOverdue), limit: 0, .seconds)
    }

    /// Steps of up to a second are what NTP does.
    private static func clock(_ tick: Tick) -> Finding? {
        guard abs(tick.counts.clockStep) > 1 else { return nil }
        return finding(
            .expiryOrClock, .item(.clock), .warning, abs(tick.counts.clockStep), limit: 1, .seconds)
    }

    private static func journal(_ tick: Tick) -> Finding? {
        if tick.counts.journalLost > 0 {
            return finding(.auditLoss, .none, .critical, Double(tick.counts.journalLost), limit: 0, .entries)
        }
        guard tick.counts.journalUnverified > 120 else { return nil }
        return finding(
            .auditLoss, .none, .critical, Double(tick.counts.journalUnverified), limit: 120, .seconds)
    }

    private static func finding(
        _ name: AlertName, _ key: AlertKey, _ severity: AlertSeverity, _ observed: Double, limit: Double,
        _ unit: Unit
    ) -> Finding {
        let reading = Reading(
            observed: observed, expected: limit, unit: unit, score: 1, limit: 1, window: TickSummary.seconds)
        return Finding(name, key: key, severity: severity, level: .fires, evidence: AlertEvidence(reading))
    }
}
