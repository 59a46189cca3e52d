/// Failed authentications: bursts, many subjects from one network, many networks with a few attempts each.
struct AuthJudge: Restorable {
    /// Failures in a minute below which nothing is a burst.
    static let burstFloor = 30.0
    /// Failures in a minute that are a burst whatever was learnt: a slow ramp cannot teach this away.
    static let burstCeiling = 3_000.0
    /// Different failing subjects of one network in a minute, and in ten, from which it is stuffing.
    static let subjectsInMinute = 12.0
    static let subjectsInTenMinutes = 30.0
    /// Networks with one or two failures in ten minutes before many are too many.
    static let quietNets = 40.0

    private var failures = SeasonalCount()
    private var ratio: RatioShift
    private var lowFailures = SeasonalCount()
    private var lowShift = ShiftDetector(slack: 1, limit: 12, cap: 3)
    private var lastMinute = [Double](repeating: 0, count: 6)
    // Of the running and the last whole window; both together cover one to two windows.
    private var minute = Windowed(DistinctPerKey(capacity: 64))
    private var tenMinutes = Windowed(DistinctPerKey(capacity: 64))
    private var attempts = RecentTable<UInt16>(capacity: 4_096, empty: 0)
    private var quietSources = Windowed(DistinctCounter(precision: 10))
    private let seed: UInt64
    private(set) var readings = SignalReadings()

    init(seed: UInt64) {
        self.seed = seed
        var tuning = RatioShift.Tuning()
        tuning.margin = 0.1
        tuning.window = 3
        ratio = RatioShift(tuning)
    }

    var byteCount: Int { attempts.byteCount }

    mutating func judge(_ tick: Tick) -> [Finding] {
        minute.advance(tick.number, every: 6, empty: DistinctPerKey(capacity: 64))
        tenMinutes.advance(tick.number, every: 60, empty: DistinctPerKey(capacity: 64))
        quietSources.advance(tick.number, every: 60, empty: DistinctCounter(precision: 10))
        minute.current.merge(tick.sketch.failures)
        tenMinutes.current.merge(tick.sketch.failures)
        return [burst(tick), distributed(tick)].compactMap { $0 } + stuffing(tick)
    }

    private mutating func burst(_ tick: Tick) -> Finding? {
        let isFiring = tick.isFiring(.authFailureBurst)
        let count = Double(tick.counts.authFailures)
        lastMinute[Int(tick.number % 6)] = count
        let verdict = failures.observe(count, at: tick.time, isFiring: isFiring)
        let share = ratio.observe(
            successes: count, trials: Double(tick.counts.authAttempts), isFiring: isFiring)
        let perMinute = lastMinute.reduce(0, +)
        let isMany = perMinute >= Self.burstFloor && share.score >= 1
        let isCeiling = perMinute >= Self.burstCeiling
        let reading = Reading(
            observed: perMinute, expected: verdict.expected * 6, unit: .perMinute,
            score: isCeiling ? max(verdict.score, 6) : verdict.score, limit: 6, window: 60,
            isLearning: verdict.isLearning && !isCeiling)
        let isJudged = isMany || isCeiling || isFiring && share.holds
        readings.note(.authFailures, reading, isJudged: isJudged)
        guard isJudged else { return nil }
        return .from(.authFailureBurst, reading, contributors: tick.sketch.failingNets.contributors(Self.net))
    }

    /// One finding for each network with many different failing subjects.
    private mutating func stuffing(_ tick: Tick) -> [Finding] {
        let long = tenMinutes.both().ranking.map { ($0, Self.subjectsInTenMinutes, 600) }
        let short = minute.both().ranking.map { ($0, Self.subjectsInMinute, 60) }
        var told: Set<UInt64> = []
        readings.note(
            .failingSubjects,
            Reading(
                observed: short.first?.0.distinct.rounded() ?? 0, expected: 0, unit: .subjects,
                score: short.first?.0.distinct ?? 0, limit: Self.subjectsInMinute, window: 60))
        return (short + long).compactMap { entry, limit, window in
            guard entry.distinct >= 0.6 * limit, !told.contains(entry.key) else { return nil }
            told.insert(entry.key)
            let reading = Reading(
                observed: entry.distinct.rounded(), expected: 0, unit: .subjects, score: entry.distinct,
                limit: limit, window: window)
            readings.raise(.failingSubjects, reading)
            return .from(.credentialStuffing, reading, key: Self.net(entry.key))
        }
    }

    /// Per-source limits never see an attacker with a network for each attempt; their sum does.
    private mutating func distributed(_ tick: Tick) -> Finding? {
        var low = 0.0
        for entry in tick.sketch.failingNets.inSlots {
            let count = UInt16(clamping: entry.guaranteed)
            let before = attempts.update(entry.key.mixed(with: seed), at: tick.number) { known in
                let bucket = UInt16(truncatingIfNeeded: tick.number / 60 % 4_096) << 4
                if known & 0xFFF0 != bucket { known = bucket }
                let seen = known & 0xF
                known = bucket | min(15, seen &+ min(15, count))
                return seen
            }
            guard before &+ min(15, count) <= 2 else { continue }
            low += Double(count)
            quietSources.current.add(entry.key.mixed(with: seed))
        }
        return lowFinding(low, tick)
    }

    private mutating func lowFinding(_ low: Double, _ tick: Tick) -> Finding? {
        let isFiring = tick.isFiring(.distributedStuffing)
        let verdict = lowFailures.observe(low, at: tick.time, isFiring: isFiring || lowShift.up > 3)
        if !verdict.isLearning { lowShift.add(verdict.now) }
        let sources = max(quietSources.current.estimate, quietSources.previous.estimate)
        let reading = Reading(
            observed: sources.rounded(), expected: verdict.expected * 60, unit: .sources, score: lowShift.up,
            limit: lowShift.limit, window: 600, isLearning: verdict.isLearning)
        let isJudged = sources >= Self.quietNets && tick.sketch.failures.evenness >= 0.5
        readings.note(.slowStuffing, reading, isJudged: isJudged)
        guard isJudged else { return nil }
        return .from(.distributedStuffing, reading)
    }

    static func net(_ bits: UInt64) -> AlertKey { .clientNet(ClientNet(bits: bits)) }

    mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        try failures.show(to: &visitor)
        try ratio.show(to: &visitor)
        try lowFailures.show(to: &visitor)
        try lowShift.show(to: &visitor)
    }
}

/// A sketch of the running window and the one before it.
struct Windowed<Sketch> {
    var current: Sketch
    private(set) var previous: Sketch
    private var window: UInt32 = 0

    init(_ empty: Sketch) { (current, previous) = (empty, empty) }

    mutating func advance(_ tick: UInt32, every ticks: UInt32, empty: Sketch) {
        let window = tick / ticks
        guard window != self.window else { return }
        previous = window == self.window &+ 1 ? current : empty
        current = empty
        self.window = window
    }
}

extension Windowed<DistinctPerKey> {
    func both() -> DistinctPerKey {
        var both = previous
        both.merge(current)
        return both
    }
}

extension Windowed: Sendable where Sketch: Sendable {}
