import BelfryBroker
import BelfryBytes
import BelfryHub
import BelfryProtocol
import Testing

/// Generated lives of a channel: trimmed, expired, removed, begun anew, with a client that recovers in their midst while
/// the bus answers late and publications overtake its answers.
@Suite("Recovery against a model")
struct RecoveryModelTests {
    /// 10 x 1,000 histories; a failure names its seed.
    @Test("the home recovers as the paper says", arguments: 0..<10)
    func agrees(batch: UInt64) throws {
        var outcomes: [String: Int] = [:]
        for number in 0..<1_000 {
            var life = try Life(seed: batch * 1_000 + UInt64(number))
            life.run()
            outcomes[life.outcome, default: 0] += 1
            if let fault = life.fault {
                Issue.record("seed \(life.seed): \(fault)")
                return
            }
        }
        // A generator that no longer reaches a case would prove nothing about it.
        for outcome in RecoveryOutcome.allCases where outcome != .notRecoverable {
            #expect(outcomes[outcome.rawValue, default: 0] > 0, "batch \(batch): \(outcomes)")
        }
        for other in ["insufficient", "lost"] {
            #expect(outcomes[other, default: 0] > 0, "batch \(batch): \(outcomes)")
        }
    }
}

/// One channel's life with one recovering client and one that only listens.
private struct Life {
    /// What the bus hook must reach.
    final class Record {
        var model: RecoveryModel
        var now = WallTime(milliseconds: 0)
        /// The model as it stood when the client's history was read.
        var atReading: (model: RecoveryModel, now: WallTime)?

        init(_ model: RecoveryModel) { self.model = model }
    }

    let seed: UInt64
    private var random: SplitMix64
    private let policy: HistoryPolicy
    private var request = RecoveryRequest()
    private let bus: Bus
    private let record: Record
    private var house: House
    private var lives: UInt64 = 1
    private var published = 0
    private var isLost = false

    /// What the client was told, and got.
    private(set) var outcome = "unanswered"
    private(set) var fault: String?
    private var answer: SubscribeAnswer?
    private var got: [String] = []
    private var heard: [String] = []
    private var isCut = false

    init(seed: UInt64) throws {
        self.seed = seed
        var random = SplitMix64(seed: seed)
        let (size, ttl) = (1 + random.below(8), Duration.milliseconds(10 + random.below(60)))
        policy = try #require(HistoryPolicy(size: size, ttl: ttl))
        let bus = Bus(seed: seed &* 1_000)
        let record = Record(RecoveryModel(size: size, ttl: ttl))
        record.model.begin(bus.begin(House.channel, policy).epoch)
        bus.now = record.now
        bus.onPublication = { position, publication in
            record.model.published(
                position, String(decoding: publication.data, as: UTF8.self), now: record.now)
        }
        (self.bus, self.record) = (bus, record)
        house = House(loops: 2, broker: BusBroker(bus: bus))
        self.random = random
        house.subscribe("listener", loop: 1, connection: 9, Positioning(history: policy))
        bus.settle(&house)
        for _ in 0..<self.random.below(16) { happen() }
        bus.settle(&house)
        request = wish()
    }

    private mutating func wish() -> RecoveryRequest {
        let model = record.model
        let position = StreamPosition(
            offset: random.below(6) == 0 ? 0 : UInt64(random.below(Int(model.top) + 3)),
            epoch: [model.epoch, model.epoch, model.epoch, "", "other"][random.below(5)])
        return RecoveryRequest(
            since: position, mode: random.below(4) == 0 ? .cache : .stream, limit: 1 + random.below(8),
            refusesLoss: random.below(8) == 0)
    }

    mutating func run() {
        let record = self.record
        bus.onHistory = { _, _ in record.atReading = (record.model, record.now) }
        house.deliveries = []
        isLost = false
        house.subscribe("client", loop: 0, Positioning(history: policy, recovery: request))
        for _ in 0..<(4 + random.below(24)) { progress() }
        bus.settle(&house)
        for _ in 0..<random.below(6) {
            happen()
            bus.settle(&house)
        }
        read()
        judge()
        leave()
    }

    /// Something in the channel, or a message on its way.
    private mutating func progress() {
        switch random.below(6) {
        case 0, 1: happen()
        case 2: bus.work()
        case 3: house.receive(bus.takeAnswer())
        default: house.receive(bus.takePush())
        }
    }

    private mutating func happen() {
        switch random.below(14) {
        case 0...8:
            published += 1
            bus.publish("\(seed).\(published)", policy)
        case 9, 10, 11:
            record.now = record.now + .milliseconds(random.below(40))
            bus.now = record.now
            house.now = record.now
        case 12:
            bus.removeHistory()
            record.model.removed()
        default:
            guard random.below(3) == 0 else { return }
            lives += 1
            bus.lose(seed: seed &* 1_000 &+ lives)
            record.model.begin(bus.begin(House.channel, policy).epoch)
            isLost = true
        }
    }

    /// The client's side: what of the loop's deliveries is for it.
    private mutating func read() {
        for routed in house.deliveries {
            switch routed.delivery {
            case .answer(_, let reply) where routed.loop == 0: read(reply)
            case .publication(_, let delivery):
                let frame = delivery.frames.json ?? []
                let text = String(decoding: frame.drop { $0 != UInt8(ascii: " ") }.dropFirst(), as: UTF8.self)
                if routed.loop == 1 { heard.append(text) }
                let member = Member(connection: 1, .positioned, startsAfter: answer?.top?.offset ?? 0)
                if routed.loop == 0, answer != nil, !isCut, delivery.variant(for: member) != nil {
                    got.append(text)
                }
            case .insufficientState where routed.loop == 0: isCut = true
            default: break
            }
        }
    }

    private mutating func read(_ reply: HubAnswer) {
        switch reply {
        case .subscribed(_, let answer):
            if self.answer != nil { fault = "answered twice" }
            self.answer = answer
            outcome = answer.outcome?.rawValue ?? "none"
            got += answer.publications.map { String(decoding: $0.data, as: UTF8.self) }
        case .positionLost: outcome = "lost"
        case .insufficientState: outcome = "insufficient"
        default: fault = "an answer to another question"
        }
    }

    private mutating func judge() {
        guard fault == nil else { return }
        guard let (model, now) = record.atReading else { return fault = "nothing was read" }
        let since = request.since
        if outcome == "insufficient" {
            // Only a stream that began anew on the way may end the hand-over.
            return fault = isLost ? nil : "insufficient without a reason"
        }
        let top = answer?.top?.offset ?? 0
        let verdict =
            request.mode == .stream
            ? model.stream(since.offset, since.epoch, limit: request.limit, now: now)
            : model.cache(
                since.offset, since.epoch,
                later: top > model.top ? record.model.entry(model.epoch, top) : nil, now: now)
        if outcome == "lost" { return fault = verdict.recovered || !request.refusesLoss ? "lost" : nil }
        guard let answer else { return fault = "no answer" }
        if request.refusesLoss && !verdict.recovered { return fault = "subscribed in spite of a loss" }
        if answer.recovered != verdict.recovered { return fault = "\(answer) but \(verdict)" }
        if answer.top?.epoch != verdict.epoch { return fault = "epoch" }
        if top < verdict.top { return fault = "the top went back" }
        if answer.position?.offset != (verdict.recovered ? since.offset : top) { return fault = "position" }
        judgeTexts(verdict, model, top)
    }

    private mutating func judgeTexts(_ verdict: RecoveryModel.Verdict, _ model: RecoveryModel, _ top: UInt64)
    {
        let merged = record.model.texts(of: model.epoch, after: model.top, upTo: top)
        let first =
            request.mode == .stream ? (verdict.recovered ? verdict.texts + merged : []) : verdict.texts
        let live = record.model.texts(of: model.epoch, after: top)
        let expected = first + live
        if got == expected { return }
        // Cut off when the stream began anew: nothing may be missing or twice before that.
        let isPrefix = isCut && isLost && got.count >= first.count && expected.starts(with: got)
        if !isPrefix {
            fault =
                "got \(got), not \(expected), cut \(isCut), lost \(isLost), \(request), \(String(describing: answer)), model \(model)"
        }
    }

    /// All go: nothing may stay behind.
    private mutating func leave() {
        house.unsubscribe("client", loop: 0)
        house.unsubscribe("listener", loop: 1, connection: 9)
        bus.settle(&house)
        if fault == nil, house.hub.channelCount != 0 || house.hub.pendingCount != 0 { fault = "left behind" }
        if fault == nil, !isLost,
            heard != record.model.texts(of: record.model.epoch, after: record.model.top - UInt64(heard.count))
        {
            fault = "the listener heard \(heard)"
        }
    }
}
