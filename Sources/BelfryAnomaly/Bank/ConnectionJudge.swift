/// Floods of connections, failing handshakes, probes with old versions, and clients that come back together.
struct ConnectionJudge: Restorable {
    /// Accepts in a tick below which nothing is a flood.
    static let floodFloor = 50.0
    /// Accepts in a tick that are a flood whatever was learnt.
    static let floodCeiling = 20_000.0
    static let legacyFloor = 10.0
    /// Returns in a tick below which nothing is a storm: in number, and as a share of the connections.
    ///
    /// A rolling deploy stays below the second.
    static let reopenFloor = 20.0
    static let reopenShare = 0.02

    private var accepts = SeasonalCount()
    private var handshakes: RatioShift
    private var legacy = SeasonalCount()
    private var returns: RatioShift
    private var returnCount = SeasonalCount()
    private var recentLegacy = [Double](repeating: 0, count: 6)
    private(set) var readings = SignalReadings()

    init() {
        var tuning = RatioShift.Tuning()
        tuning.window = 3
        tuning.margin = 0.15
        handshakes = RatioShift(tuning)
        tuning.margin = 0.25
        tuning.factor = 1.5
        tuning.minimumTrials = 15
        tuning.z = 3
        returns = RatioShift(tuning)
    }

    mutating func judge(_ tick: Tick) -> [Finding] {
        let storm = self.storm(tick)
        return [flood(tick, isStorm: storm != nil), failures(tick), probe(tick), storm].compactMap { $0 }
    }

    /// Many accepts are a flood when most come from one network, or do not go on to authenticate.
    ///
    /// A launch that everybody attends is neither, nor is an office behind one address that comes back to work.
    private mutating func flood(_ tick: Tick, isStorm: Bool) -> Finding? {
        let isFiring = tick.isFiring(.connectionFlood)
        let count = Double(tick.counts.accepts)
        let verdict = accepts.observe(count, at: tick.time, isFiring: isFiring)
        let top = Double(tick.sketch.accepts.top?.guaranteed ?? 0)
        let isConcentrated = top >= 0.7 * count && !isStorm
        // Handshakes that fail have an alert of their own.
        let whole = count - Double(tick.counts.handshakeFailures)
        let isHollow = whole >= Self.floodFloor && Double(tick.counts.authAttempts) < 0.5 * whole
        let isCeiling = count >= Self.floodCeiling
        let reading = Reading(
            observed: count, expected: verdict.expected, unit: .perTick,
            score: isCeiling ? max(6, verdict.score) : verdict.score, limit: 6, window: 10,
            isLearning: verdict.isLearning && !isCeiling)
        let isJudged = count >= Self.floodFloor && (isConcentrated || isHollow || isCeiling)
        readings.note(.connectionFlood, reading, isJudged: isJudged)
        guard isJudged else { return nil }
        let contributors = tick.sketch.accepts.contributors(AuthJudge.net)
        let leader = contributors.first { $0.share >= 0.3 }
        return .from(.connectionFlood, reading, key: leader?.key ?? .none, contributors: contributors)
    }

    private mutating func failures(_ tick: Tick) -> Finding? {
        let failed = Double(tick.counts.handshakeFailures)
        let reading = handshakes.observe(
            successes: failed, trials: failed + Double(tick.counts.handshakes),
            isFiring: tick.isFiring(.tlsFailureSpike))
        // Hellos with old versions fail too, and have their own alert.
        let isJudged = Double(tick.counts.legacyOffers) < 0.5 * failed
        readings.note(.tlsFailures, reading, isJudged: isJudged)
        guard isJudged else { return nil }
        return .from(
            .tlsFailureSpike, reading, contributors: tick.sketch.failedHandshakes.contributors(AuthJudge.net))
    }

    private mutating func probe(_ tick: Tick) -> Finding? {
        let count = Double(tick.counts.legacyOffers)
        recentLegacy[Int(tick.number % 6)] = count
        let verdict = legacy.observe(count, at: tick.time, isFiring: tick.isFiring(.tlsDowngradeProbe))
        let perMinute = recentLegacy.reduce(0, +)
        guard perMinute >= Self.legacyFloor else { return nil }
        let reading = Reading(
            observed: perMinute, expected: verdict.expected * 6, unit: .perMinute, score: verdict.score,
            limit: 5,
            window: 60, isLearning: verdict.isLearning)
        readings.raise(.tlsFailures, reading)
        return .from(
            .tlsDowngradeProbe, reading, contributors: tick.sketch.legacyOffers.contributors(AuthJudge.net))
    }

    private mutating func storm(_ tick: Tick) -> Finding? {
        let isFiring = tick.isFiring(.reconnectStorm)
        let count = Double(tick.sessions.reopens)
        let verdict = returnCount.observe(count, at: tick.time, isFiring: isFiring)
        let floor = max(Self.reopenFloor, Self.reopenShare * Double(tick.counts.connections))
        let share = returns.observe(successes: count, trials: Double(tick.sessions.opens), isFiring: isFiring)
        let reading = Reading(
            observed: count, expected: verdict.expected, unit: .perTick, score: verdict.score, limit: 6,
            window: 10, isLearning: verdict.isLearning)
        let isJudged = (count >= floor || isFiring) && share.holds
        readings.note(.reconnects, reading, isJudged: isJudged)
        guard isJudged else { return nil }
        return .from(.reconnectStorm, reading)
    }

    mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        try accepts.show(to: &visitor)
        try handshakes.show(to: &visitor)
        try legacy.show(to: &visitor)
        try returns.show(to: &visitor)
        try returnCount.show(to: &visitor)
    }
}
