/// Tokens in use from two places at once, users who come from everywhere, and those who come back at once.
struct SessionJudge {
    /// Ticks two networks may overlap.
    ///
    /// A phone that changes networks leaves its old connection open until the ping (25 s) and the wait for its
    /// answer (8 s) are over; one that changes back meanwhile does so twice.
    static let overlapTicks: UInt16 = 7
    /// Networks at once that no change of networks explains.
    static let netsAtOnce = 4
    /// Networks of one user in ten minutes.
    static let netsInTenMinutes = 5
    static let churnTicks: UInt32 = 60
    /// Who was seen within this many ticks comes back: five minutes.
    static let returnTicks: UInt32 = 30
    /// Tokens that are looked at every tick.
    private static let suspectLimit = 256

    /// Where a token is in use; a fifth network takes the place of one that has none open.
    private struct TokenUse {
        var nets = InlineArray<4, UInt64>(repeating: 0)
        var open = InlineArray<4, UInt8>(repeating: 0)
        /// The tick since which each network is open.
        var since = InlineArray<4, UInt16>(repeating: 0)

        var netsOpen: Int { (0..<4).count { open[$0] > 0 } }

        /// Networks open for at least so many ticks.
        ///
        /// Two of them are no change of networks, and no chain of changes.
        func netsStaying(at tick: UInt32) -> Int {
            (0..<4).count { open[$0] > 0 && UInt16(truncatingIfNeeded: tick) &- since[$0] >= overlapTicks }
        }

        mutating func change(_ net: UInt64, isOpening: Bool, at tick: UInt32) {
            if let index = (0..<4).first(where: { open[$0] > 0 && nets[$0] == net }) {
                open[index] = isOpening ? min(open[index], 254) + 1 : open[index] - 1
            } else if isOpening, let index = (0..<4).first(where: { open[$0] == 0 }) {
                nets[index] = net
                open[index] = 1
                since[index] = UInt16(truncatingIfNeeded: tick)
            }
        }
    }

    /// Where a user came from last, each network shortened to 32 mixed bits, and when.
    private struct SubjectUse {
        var nets = InlineArray<6, UInt32>(repeating: 0)
        var ticks = InlineArray<6, UInt16>(repeating: 0)
        var lastSeen: UInt32 = 0

        mutating func came(from net: UInt32, at tick: UInt32) -> Int {
            let now = UInt16(truncatingIfNeeded: tick)
            var slot = 0
            for index in 0..<6 {
                if nets[index] == net { slot = index; break }
                if now &- ticks[index] > now &- ticks[slot] { slot = index }
            }
            nets[slot] = net
            ticks[slot] = now
            return (0..<6).count { nets[$0] != 0 && UInt32(now &- ticks[$0]) < churnTicks }
        }
    }

    private var tokens = RecentTable<TokenUse>(capacity: 16_384, empty: TokenUse())
    private var subjects = RecentTable<SubjectUse>(capacity: 16_384, empty: SubjectUse())
    private var suspects: [(token: UInt64, subject: UInt64)] = []
    private var churners: [UInt64: (nets: Int, until: UInt32)] = [:]
    private let seed: UInt64

    init(seed: UInt64) { self.seed = seed }

    var byteCount: Int { tokens.byteCount + subjects.byteCount }

    mutating func read(_ events: [TrafficSketch.SessionEvent], at tick: UInt32) -> SessionFacts {
        var facts = SessionFacts()
        for event in events {
            noteToken(event, at: tick)
            noteSubject(event, at: tick, in: &facts)
        }
        facts.replays = overlaps(at: tick)
        churners = churners.filter { $0.value.until >= tick }
        facts.churners = churners.map { ($0.key, $0.value.nets) }
        return facts
    }

    private mutating func noteToken(_ event: TrafficSketch.SessionEvent, at tick: UInt32) {
        let began = tokens.update(event.token.mixed(with: seed), at: tick) { use in
            let before = use.netsOpen
            use.change(event.net.bits, isOpening: event.isOpening, at: tick)
            return before < 2 && use.netsOpen >= 2
        }
        guard began, suspects.count < Self.suspectLimit else { return }
        suspects.append((event.token, event.subject))
    }

    private mutating func noteSubject(
        _ event: TrafficSketch.SessionEvent, at tick: UInt32, in facts: inout SessionFacts
    ) {
        let net = UInt32(truncatingIfNeeded: event.net.bits.mixed(with: seed)) | 1
        let (nets, isBack) = subjects.update(event.subject.mixed(with: seed), at: tick) { use in
            let isBack = use.lastSeen != 0 && tick &- use.lastSeen <= Self.returnTicks
            use.lastSeen = tick
            return (event.isOpening ? use.came(from: net, at: tick) : 0, isBack)
        }
        guard event.isOpening else { return }
        facts.opens += 1
        if isBack { facts.reopens += 1 }
        if nets >= Self.netsInTenMinutes, churners.count < Self.suspectLimit {
            churners[event.subject] = (nets, tick + Self.churnTicks)
        }
    }

    private mutating func overlaps(at tick: UInt32) -> [SessionFacts.Replay] {
        var replays: [SessionFacts.Replay] = []
        suspects = suspects.filter { token, subject in
            guard let use = tokens.value(of: token.mixed(with: seed)), use.netsOpen >= 2 else { return false }
            if use.netsStaying(at: tick) >= 2 || use.netsOpen >= Self.netsAtOnce {
                let open = (0..<4).filter { use.open[$0] > 0 }
                let newest = open.map { UInt16(truncatingIfNeeded: tick) &- use.since[$0] }.min() ?? 0
                let nets = open.map { ClientNet(bits: use.nets[$0]) }
                replays.append(
                    .init(subject: subject, nets: nets, seconds: Int(newest) * TickSummary.seconds))
            }
            return true
        }
        return replays
    }

    static func readings(_ facts: SessionFacts) -> SignalReadings {
        var readings = SignalReadings()
        let nets = Double(facts.replays.map(\.nets.count).max() ?? 0)
        readings.note(
            .tokenReplay,
            Reading(observed: nets, expected: 1, unit: .prefixes, score: nets, limit: 2, window: 10))
        let most = Double(facts.churners.map(\.nets).max() ?? 0)
        readings.note(
            .addressChurn,
            Reading(
                observed: most, expected: 1, unit: .prefixes, score: most, limit: Double(netsInTenMinutes),
                window: 600))
        return readings
    }

    static func findings(_ facts: SessionFacts) -> [Finding] {
        let replays = facts.replays.map { replay in
            let reading = Reading(
                observed: Double(replay.nets.count), expected: 1, unit: .prefixes,
                score: Double(replay.nets.count), limit: 2, window: replay.seconds)
            let nets = replay.nets.map { AlertEvidence.Contributor(key: .clientNet($0), count: 1, of: 4) }
            return Finding.from(.tokenReplay, reading, key: .subject(replay.subject), contributors: nets)
        }
        let churners = facts.churners.map { subject, nets in
            let reading = Reading(
                observed: Double(nets), expected: 1, unit: .prefixes, score: Double(nets),
                limit: Double(netsInTenMinutes), window: 600)
            return Finding.from(.addressChurn, reading, key: .subject(subject))
        }
        return (replays + churners).compactMap { $0 }
    }
}
