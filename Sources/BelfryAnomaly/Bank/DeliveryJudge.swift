/// Delivery that has become slower, and clients that do not take it.
struct DeliveryJudge: Restorable {
    /// What the median must have risen to, as a multiple of usual.
    static let rise = 1.5
    /// Rises of the logarithm that a day brings by itself; only what exceeds them adds up.
    static let drift = 0.14
    /// The same for the 99th percentile alone.
    static let tailRise = 3.0
    /// Medians that are too slow whatever was learnt, in seconds.
    static let ceiling = 5.0
    static let slowFloor = 5.0

    private var median = MovingMoments(alpha: 1.0 / 1_080)
    private var gate = LearningGate(patience: 360)
    private var shift = ShiftDetector(slack: 0.5, limit: 12, cap: 3)
    private var quick = 0.0
    private var tail = DriftingTailLimit(risk: 1e-6)
    private var tailTicks = 0
    private var slowShare: RatioShift
    private var queued = SeriesDetector()
    private(set) var readings = SignalReadings()

    init() {
        var tuning = RatioShift.Tuning()
        // A connection that is slow now was mostly slow a tick ago: the trials are not independent.
        tuning.window = 1
        tuning.z = 5
        tuning.margin = 0.03
        tuning.factor = 3
        slowShare = RatioShift(tuning)
    }

    mutating func judge(_ tick: Tick) -> [Finding] { [latency(tick), slow(tick)].compactMap { $0 } }

    private mutating func latency(_ tick: Tick) -> Finding? {
        guard tick.counts.deliveryP50 > 0, tick.counts.deliveryP50.isFinite else {
            readings.note(.deliveryLatency, unjudged, isJudged: false)
            return nil
        }
        let isFiring = tick.isFiring(.deliveryLatencyShift)
        let learns = gate.learns(isFiring: isFiring || shift.up >= 3)
        let height = RealMath.log(tick.counts.deliveryP50)
        if median.count == 0 { quick = height }
        quick += 0.3 * (height - quick)
        if median.count >= 360 { shift.add(median.score(height - Self.drift, floor: 0.05)) }
        let worst = RealMath.log(max(tick.counts.deliveryP99, tick.counts.deliveryP50))
        let isTail = tail.isWarm && worst > max(tail.level, tail.expected + RealMath.log(Self.tailRise))
        tailTicks = isTail ? min(tailTicks + 1, 1_000) : 0
        let reading = self.reading(tick, worst)
        if learns {
            median.learn(height, limit: 4, floor: 0.05)
            tail.add(worst, always: isFiring)
        }
        readings.note(.deliveryLatency, reading)
        return .from(.deliveryLatencyShift, reading)
    }

    /// Of a tick in which nothing was delivered.
    private var unjudged: Reading {
        Reading(
            observed: 0, expected: RealMath.exp(median.mean), unit: .seconds, score: 0, limit: shift.limit,
            window: 10, isLearning: median.count < 360)
    }

    private func reading(_ tick: Tick, _ worst: Double) -> Reading {
        let isRaised = quick >= median.mean + RealMath.log(Self.rise)
        let isCeiling = tick.counts.deliveryP50 >= Self.ceiling
        let score = isCeiling ? shift.limit : isRaised ? shift.up : 0
        if tailTicks >= 2, score < shift.limit {
            return Reading(
                observed: tick.counts.deliveryP99, expected: RealMath.exp(tail.expected), unit: .seconds,
                score: worst - tail.expected, limit: tail.level - tail.expected, window: 10)
        }
        return Reading(
            observed: tick.counts.deliveryP50, expected: RealMath.exp(median.mean), unit: .seconds,
            score: score,
            limit: shift.limit, window: max(10, shift.upFor * TickSummary.seconds),
            isLearning: median.count < 360 && !isCeiling)
    }

    private mutating func slow(_ tick: Tick) -> Finding? {
        let isFiring = tick.isFiring(.slowConsumers)
        let count = Double(tick.counts.slowConsumers)
        let reading = slowShare.observe(
            successes: count, trials: Double(tick.counts.connections), isFiring: isFiring)
        let verdict = queued.observe(
            RealMath.log(1 + max(0, Double(tick.counts.queuedBytes))), at: tick.time, isFiring: isFiring)
        readings.note(.slowConsumers, reading, isJudged: count >= Self.slowFloor || isFiring)
        guard count >= Self.slowFloor || isFiring else { return nil }
        // Few but heavy: the bytes tell what the share of connections does not.
        let isHeavy = verdict.shift > 6 && verdict.strength > 8 && count >= 2 * Self.slowFloor
        var told = reading
        if isHeavy, told.score < told.limit { told.score = told.limit }
        readings.note(.slowConsumers, told)
        let contributors = tick.sketch.slow.contributors(AuthJudge.net)
        let leader = contributors.first { $0.share >= 0.6 }
        return .from(.slowConsumers, told, key: leader?.key ?? .none, contributors: contributors)
    }

    mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        try median.show(to: &visitor)
        try gate.show(to: &visitor)
        try shift.show(to: &visitor)
        try visitor.visit(&quick)
        try tail.show(to: &visitor)
        try visitor.visit(&tailTicks, upTo: 1_000)
        try slowShare.show(to: &visitor)
        try queued.show(to: &visitor)
    }
}
