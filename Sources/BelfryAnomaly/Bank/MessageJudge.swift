/// Senders that dominate, messages that reach too many, refusals, and users held back.
struct MessageJudge: Restorable {
    /// Messages of one sender in a tick below which nobody dominates.
    static let senderFloor = 100.0
    /// Share of all messages from which a sender does.
    static let senderShare = 0.3
    /// Messages of one sender in a tick that are too many whatever was learnt.
    static let senderCeiling = 50_000.0
    /// Deliveries in a tick below which fan-out is not judged.
    static let deliveryFloor = 1_000.0
    static let heldBackFloor = 5.0

    private var leaders = DriftingTailLimit(risk: 1e-5)
    private var leaderGate = LearningGate(patience: 360)
    private var factor = SeriesDetector()
    private var deliveries = SeasonalCount()
    private var refusals: RatioShift
    private var held: RatioShift
    private var heldMoments = MovingMoments(alpha: 1.0 / 1_080)
    private var heldGate = LearningGate(patience: 360)
    private var heldShift = ShiftDetector(slack: 0.75, limit: 10, cap: 3)
    private(set) var readings = SignalReadings()

    init() {
        var tuning = RatioShift.Tuning()
        tuning.minimumTrials = 60
        tuning.window = 6
        refusals = RatioShift(tuning)
        tuning.minimumTrials = 15
        tuning.z = 3
        held = RatioShift(tuning)
    }

    mutating func judge(_ tick: Tick) -> [Finding] {
        [sender(tick), amplification(tick), errors(tick), saturation(tick)].compactMap { $0 }
    }

    private mutating func sender(_ tick: Tick) -> Finding? {
        let top = tick.sketch.senders.top
        let count = Double(top?.guaranteed ?? 0)
        let height = SeasonalCount.stabilised(count)
        let usual = leaders.expected
        let learns = leaderGate.learns(isFiring: tick.isFiring(.messageRateSpike))
        let (level, isWarm) = (leaders.level, leaders.isWarm)
        if learns { leaders.add(height, always: tick.isFiring(.messageRateSpike)) }
        let share = count / max(1, Double(tick.sketch.senders.total))
        let isCeiling = count >= Self.senderCeiling
        let limit = level - usual
        let reading = Reading(
            observed: count, expected: SeasonalCount.count(fromStabilised: usual), unit: .perTick,
            score: isCeiling ? max(height - usual, limit) : height - usual, limit: limit, window: 10,
            isLearning: !isWarm && !isCeiling)
        let isJudged = count >= Self.senderFloor && share >= Self.senderShare
        readings.note(.messageRate, reading, isJudged: isJudged)
        guard let top, isJudged else { return nil }
        return .from(
            .messageRateSpike, reading, key: .subject(top.key),
            contributors: tick.sketch.senders.contributors { .subject($0) })
    }

    /// Deliveries for each message and connection: a fuller house makes more of them, and is no attack.
    private mutating func amplification(_ tick: Tick) -> Finding? {
        let isFiring = tick.isFiring(.fanoutAmplification)
        let delivered = Double(tick.counts.delivered)
        let messages = Double(max(1, tick.counts.received))
        let reach = delivered / messages / Double(max(1, tick.counts.connections))
        let volume = deliveries.observe(delivered, at: tick.time, isFiring: isFiring)
        guard tick.counts.received > 0 else {
            readings.note(
                .fanout,
                Reading(
                    observed: 0, expected: 0, unit: .factor, score: 0, limit: 6, window: 10,
                    isLearning: volume.isLearning))
            return nil
        }
        let verdict = factor.observe(RealMath.log(1e-4 + reach) + 10, at: tick.time, isFiring: isFiring)
        let top = tick.sketch.deliveries.top
        let isJudged =
            delivered >= Self.deliveryFloor
            && Double(top?.guaranteed ?? 0) >= 0.5 * Double(tick.sketch.deliveries.total)
        let reading = Reading(
            observed: delivered / messages, expected: volume.expected / messages, unit: .factor,
            score: min(volume.score, verdict.shift > 0 ? verdict.strength * 1.5 : 0), limit: 6, window: 10,
            isLearning: verdict.isLearning || volume.isLearning)
        readings.note(.fanout, reading, isJudged: isJudged)
        guard let top, isJudged else { return nil }
        return .from(
            .fanoutAmplification, reading, key: .room(top.key),
            contributors: tick.sketch.deliveries.contributors { .room($0) })
    }

    private mutating func errors(_ tick: Tick) -> Finding? {
        let reading = refusals.observe(
            successes: Double(tick.counts.rejected),
            trials: Double(tick.counts.received) + Double(tick.counts.rejected),
            isFiring: tick.isFiring(.errorRatioShift))
        readings.note(.errorRatio, reading)
        return .from(.errorRatioShift, reading)
    }

    private mutating func saturation(_ tick: Tick) -> Finding? {
        let isFiring = tick.isFiring(.limiterSaturation)
        let users = Double(tick.counts.activeUsers)
        let denied = Double(tick.counts.throttledUsers)
        let reading = held.observe(successes: denied, trials: users, isFiring: isFiring)
        readings.note(.limiterSaturation, reading, isJudged: false)
        guard users > 0 else { return nil }
        let share = denied / users
        let variance = max(0, heldMoments.mean * (1 - heldMoments.mean)) / users
        let floor = max(0.02, variance.squareRoot())
        heldShift.add(heldMoments.count < 360 ? 0 : heldMoments.score(share, floor: floor))
        if heldGate.learns(isFiring: isFiring || heldShift.up >= 3) {
            heldMoments.learn(share, limit: 4, floor: floor)
        }
        guard denied >= Self.heldBackFloor || isFiring else { return nil }
        let slow = Reading(
            observed: share, expected: heldMoments.mean, unit: .ratio, score: heldShift.up / heldShift.limit,
            limit: 1, window: heldShift.upFor * TickSummary.seconds, isLearning: reading.isLearning)
        let isSlow = slow.score > reading.score && share >= heldMoments.mean + 0.05
        readings.note(.limiterSaturation, isSlow ? slow : reading)
        return .from(.limiterSaturation, isSlow ? slow : reading)
    }

    mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        try leaders.show(to: &visitor)
        try leaderGate.show(to: &visitor)
        try factor.show(to: &visitor)
        try deliveries.show(to: &visitor)
        try refusals.show(to: &visitor)
        try held.show(to: &visitor)
        try heldMoments.show(to: &visitor)
        try heldGate.show(to: &visitor)
        try heldShift.show(to: &visitor)
    }
}
