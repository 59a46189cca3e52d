/// Traffic that has vanished.
struct SilenceJudge: Restorable {
    /// Messages a tick from which a count can tell silence; below, only the time since the last one can.
    static let countFloor = 20.0
    /// What must be left of the usual traffic at most.
    static let share = 0.35
    /// Failed probes in a row that need no other sign.
    static let probeLimit = 3
    /// Ticks without a probe after which the last ones say nothing any more: it was switched off, or hangs itself.
    static let probeMemory = 18

    private var messages = SeasonalCount()
    private var gap = GapDetector(surprise: 40, floor: 60)
    private var rate = MovingMoments(alpha: 1.0 / 1_080)
    private var quick = 0.0
    private var seconds = 0.0
    private var failedProbes = 0
    private var ticksWithoutProbe = 0
    private(set) var readings = SignalReadings()

    mutating func judge(_ tick: Tick) -> [Finding] {
        let isFiring = tick.isFiring(.trafficVanished)
        let count = Double(tick.counts.received)
        seconds += Double(TickSummary.seconds)
        note(tick.counts.probe)
        let verdict = messages.observe(count, at: tick.time, isFiring: isFiring)
        quick += 0.5 * (count - quick)
        gap.note(isFiring ? 0 : tick.counts.received, at: seconds)
        let silence = gap.judge(at: seconds, share: verdict.expected / max(rate.mean, 1e-3))
        if isFiring, count > 0 { gap.note(1, at: seconds) }
        if !isFiring { rate.learn(count) }
        let finding = probed(verdict) ?? dropped(verdict) ?? quiet(silence, verdict)
        readings.note(.silence, finding?.evidence.reading ?? usual(silence, verdict))
        return finding.map { [$0] } ?? []
    }

    private mutating func note(_ probe: TickSummary.Probe) {
        ticksWithoutProbe = probe == .notRun ? min(ticksWithoutProbe + 1, Self.probeMemory) : 0
        switch probe {
        case .notRun where ticksWithoutProbe < Self.probeMemory: break
        case .notRun, .passed: failedProbes = 0
        case .failed: failedProbes = min(failedProbes + 1, 1_000)
        }
    }

    /// What is shown while nothing is found: the count where counts can tell, else the gap.
    private func usual(_ silence: Reading, _ verdict: SeasonalCount.Judgement) -> Reading {
        guard verdict.expected >= Self.countFloor else { return silence }
        return Reading(
            observed: verdict.observed, expected: verdict.expected, unit: .perTick,
            score: max(0, -verdict.score), limit: 5, window: 10, isLearning: verdict.isLearning)
    }

    private func probed(_ verdict: SeasonalCount.Judgement) -> Finding? {
        guard failedProbes >= Self.probeLimit else { return nil }
        return .from(
            .trafficVanished,
            Reading(
                observed: verdict.observed, expected: verdict.expected, unit: .perTick,
                score: Double(failedProbes), limit: Double(Self.probeLimit), window: failedProbes * 10))
    }

    private func dropped(_ verdict: SeasonalCount.Judgement) -> Finding? {
        guard verdict.expected >= Self.countFloor, quick <= Self.share * verdict.expected else { return nil }
        return .from(
            .trafficVanished,
            Reading(
                observed: verdict.observed, expected: verdict.expected, unit: .perTick, score: -verdict.score,
                limit: 5, window: 10, isLearning: verdict.isLearning))
    }

    private func quiet(_ silence: Reading, _ verdict: SeasonalCount.Judgement) -> Finding? {
        guard verdict.observed == 0, verdict.expected > 0.2 else { return nil }
        return .from(.trafficVanished, silence)
    }

    mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        try messages.show(to: &visitor)
        try gap.show(to: &visitor)
        try rate.show(to: &visitor)
        try visitor.visit(&quick)
        try visitor.visit(&seconds)
    }
}
