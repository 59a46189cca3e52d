import BelfryBroker
import BelfryHub
import BelfryProtocol
import Testing

@Suite("Recovery rule")
struct RecoveryTests {
    private func page(_ offsets: ClosedRange<UInt64>?, top: UInt64) -> HistoryPage {
        let publications = offsets.map { $0.map { Publication(data: [1], offset: $0) } } ?? []
        return HistoryPage(publications: publications, top: StreamPosition(offset: top, epoch: "E"))
    }

    @Test(
        "stream mode recovers exactly what the paper's table says",
        arguments: [
            (5, "E", nil, 5, .recovered), (5, "", nil, 5, .recovered), (0, "", nil, 0, .recovered),
            (5, "X", nil, 5, .epochChanged), (5, "X", 6...7, 7, .epochChanged), (5, "E", nil, 6, .expired),
            (5, "E", nil, 4, .offsetAhead), (.max, "E", nil, 4, .offsetAhead), (5, "E", 6...7, 7, .recovered),
            (0, "", 1...7, 7, .recovered), (5, "E", 7...8, 8, .trimmed), (0, "", 2...3, 3, .trimmed),
            (5, "E", 6...7, 8, .limitExceeded), (.max, "E", nil, .max, .recovered),
        ] as [(UInt64, String, ClosedRange<UInt64>?, UInt64, RecoveryOutcome)])
    func stream(
        offset: UInt64, epoch: String, read: ClosedRange<UInt64>?, top: UInt64, outcome: RecoveryOutcome
    ) {
        let request = RecoveryRequest(since: StreamPosition(offset: offset, epoch: epoch))
        let decision = Recovery.decide(request, page(read, top: top))
        #expect(decision.outcome == outcome)
        let expected = outcome.isRecovered ? read.map(Array.init) ?? [] : []
        #expect(decision.publications.map(\.offset) == expected)
    }

    @Test(
        "cache mode gives the latest publication unless it is known",
        arguments: [
            (5, "E", nil, 5, .recovered, false), (0, "E", nil, 0, .cacheEmpty, false),
            (4, "E", nil, 5, .cacheEmpty, false), (5, "", nil, 5, .cacheEmpty, false),
            (5, "E", 5, 5, .recovered, false), (0, "", 5, 5, .recovered, true),
            (5, "", 5, 5, .recovered, true),
            (5, "X", 5, 5, .recovered, true), (9, "E", 5, 5, .recovered, true),
        ] as [(UInt64, String, UInt64?, UInt64, RecoveryOutcome, Bool)])
    func cache(
        offset: UInt64, epoch: String, latest: UInt64?, top: UInt64, outcome: RecoveryOutcome, isSent: Bool
    ) {
        let request = RecoveryRequest(since: StreamPosition(offset: offset, epoch: epoch), mode: .cache)
        let decision = Recovery.decide(request, page(latest.map { $0...$0 }, top: top))
        #expect(decision == Recovery.Decision(outcome, isSent ? page(5...5, top: 5).publications : []))
    }
}

@Suite("Hand-over from history to live")
struct HandoverTests {
    private let policy: HistoryPolicy
    private let bus = Bus()
    private var epoch: String { bus.table.top(of: House.channel)?.epoch ?? "" }

    init() throws { policy = try #require(HistoryPolicy(size: 400, ttl: .seconds(100))) }

    private func recovery(
        _ offset: UInt64, epoch: String = "", mode: RecoveryMode = .stream, limit: Int = 300,
        refusesLoss: Bool = false
    ) -> Positioning {
        Positioning(
            history: policy,
            recovery: RecoveryRequest(
                since: StreamPosition(offset: offset, epoch: epoch), mode: mode, limit: limit,
                refusesLoss: refusesLoss))
    }

    private func publish(_ count: Int) { for number in 0..<count { bus.publish("p\(number)", policy) } }

    @Test func `what comes between reading and answering is merged`() {
        publish(2)
        var house = House(loops: 1, broker: BusBroker(bus: bus))
        house.subscribe("a", loop: 0, recovery(1))
        bus.work()
        publish(1)
        house.receive(bus.takePush())
        house.receive(bus.takeAnswer())
        publish(1)
        bus.work()
        publish(2)
        house.receive(bus.takePush() + bus.takePush())
        house.receive(bus.takeAnswer())
        #expect(house.sent == ["0 subscribed at 1 recovered [2, 3, 4, 5] 1"])
        bus.settle(&house)
        #expect(house.sent.count == 2)
    }

    @Test func `an event behind the answer that held it already is not for the newcomer`() throws {
        var house = House(loops: 1, broker: BusBroker(bus: bus))
        house.subscribe("a", loop: 0, recovery(0))
        bus.work()
        publish(2)
        house.receive(bus.takeAnswer())
        bus.work()
        house.receive(bus.takeAnswer())
        #expect(house.sent == ["0 subscribed at 0 recovered [1, 2] 1"])
        publish(1)
        bus.settle(&house)
        let offsets = house.deliveries.compactMap { routed -> UInt64? in
            guard case .publication(_, let delivery) = routed.delivery else { return nil }
            return delivery.variant(for: Member(connection: 1, .positioned, startsAfter: 2)).map { _ in
                delivery.offset
            }
        }
        #expect(offsets == [3])
    }

    @Test func `a lost publication in the hand-over fails the subscribe`() {
        var house = House(loops: 1, broker: BusBroker(bus: bus))
        house.subscribe("a", loop: 0, recovery(0))
        bus.work()
        house.receive(bus.takeAnswer())
        bus.work()
        publish(2)
        bus.dropPush()
        house.receive(bus.takePush())
        house.receive(bus.takeAnswer())
        #expect(house.sent == ["0 insufficient 1"])
        house.unsubscribe("a", loop: 0)
        bus.settle(&house)
        #expect(house.hub.channelCount == 0)
    }

    @Test func `a lost live publication is told before the next one goes out`() {
        var house = House(loops: 2, broker: BusBroker(bus: bus))
        house.subscribe("a", loop: 1, Positioning(history: policy))
        bus.settle(&house)
        publish(1)
        bus.settle(&house)
        publish(2)
        bus.dropPush()
        bus.settle(&house)
        #expect(
            house.sent == [
                "1 subscribed at 0 1", "1 publication p0", "1 insufficient gap", "1 publication p1",
            ])
    }

    @Test func `a repeated event is delivered once`() {
        var house = House(loops: 1, broker: BusBroker(bus: bus))
        house.subscribe("a", loop: 0, Positioning(history: policy))
        bus.settle(&house)
        publish(1)
        let event = bus.takePush()
        house.receive(event + event)
        #expect(house.sent == ["0 subscribed at 0 1", "0 publication p0"])
    }

    @Test func `more than can be kept while waiting fails the subscribe`() {
        var house = House(loops: 1, broker: BusBroker(bus: bus))
        house.subscribe("a", loop: 0, Positioning(history: policy))
        bus.work()
        publish(HistoryQuery.defaultMaximum + 1)
        for _ in 0...HistoryQuery.defaultMaximum { house.receive(bus.takePush()) }
        house.receive(bus.takeAnswer())
        #expect(house.sent == ["0 insufficient 1"])
    }

    @Test func `as much as can be kept while waiting is handed over`() {
        var house = House(loops: 1, broker: BusBroker(bus: bus))
        house.subscribe("a", loop: 0, Positioning(history: policy))
        bus.work()
        publish(HistoryQuery.defaultMaximum)
        for _ in 0..<HistoryQuery.defaultMaximum { house.receive(bus.takePush()) }
        house.receive(bus.takeAnswer())
        #expect(house.sent == ["0 subscribed at \(HistoryQuery.defaultMaximum) 1"])
    }

    @Test func `cache mode takes the newest of history and live`() {
        publish(2)
        var house = House(loops: 1, broker: BusBroker(bus: bus))
        house.subscribe("a", loop: 0, recovery(0, mode: .cache))
        bus.work()
        house.receive(bus.takeAnswer())
        bus.work()
        publish(2)
        house.receive(bus.takePush() + bus.takePush())
        house.receive(bus.takeAnswer())
        #expect(house.sent == ["0 subscribed at 0 recovered [4] 1"])
    }

    @Test func `who refuses a loss is not subscribed`() {
        publish(2)
        var house = House(loops: 1, broker: MemoryBroker(seed: 1))
        house.subscribe(
            "a", loop: 0, present: true, announced: true, recovery(9, epoch: "gone", refusesLoss: true))
        #expect(house.sent == ["0 lost epochChanged 1"])
        #expect(house.hub.channelCount == 0)
        house.unsubscribe("a", loop: 0, present: true, announced: true)
        #expect(house.sent.count == 1)
    }

    @Test("a seat given back before the answer leaves nothing behind", arguments: [false, true])
    func givenBack(fails: Bool) {
        publish(1)
        bus.failsSubscribe = fails
        var house = House(loops: 1, broker: BusBroker(bus: bus))
        house.subscribe("a", loop: 0, present: true, announced: true, recovery(0))
        house.unsubscribe("a", loop: 0, present: true, announced: true)
        bus.settle(&house)
        #expect(house.sent == [fails ? "0 failed 1" : "0 subscribed at 1 1"])
        #expect(house.hub.channelCount == 0)
        #expect(house.hub.pendingCount == 0)
        #expect(bus.log == ["subscribe", "unsubscribe"])
        publish(1)
        bus.settle(&house)
        #expect(house.sent.count == 1)
    }

    @Test func `a seat given back while its history is read leaves nothing behind`() {
        var house = House(loops: 1, broker: BusBroker(bus: bus))
        house.subscribe("a", loop: 0, present: true, announced: true, recovery(0))
        bus.work()
        house.receive(bus.takeAnswer())
        house.unsubscribe("a", loop: 0, present: true, announced: true)
        bus.settle(&house)
        house.ask(.presenceStatistics(channel: House.channel, .command(house.ticket(0, 2))))
        #expect(house.sent == ["0 subscribed at 0 1", "0 stats 0 0 2"])
        #expect(bus.log == ["subscribe", "unsubscribe"])
    }

    @Test func `subscribe, unsubscribe, subscribe before any answer counts once`() {
        var house = House(loops: 1, broker: BusBroker(bus: bus))
        house.subscribe("a", loop: 0, Positioning(history: policy))
        house.unsubscribe("a", loop: 0)
        house.subscribe("a", loop: 0, Positioning(history: policy))
        bus.settle(&house)
        #expect(house.sent == ["0 subscribed at 0 1", "0 subscribed at 0 1"])
        publish(1)
        bus.settle(&house)
        #expect(house.sent.count == 3)
        house.unsubscribe("a", loop: 0)
        bus.settle(&house)
        #expect(house.hub.channelCount == 0)
        #expect(bus.log == ["subscribe", "subscribe", "unsubscribe"])
    }

    @Test func `the last member's leaving does not end the channel under a waiting subscribe`() {
        var house = House(loops: 1, broker: BusBroker(bus: bus))
        house.subscribe("a", loop: 0)
        bus.settle(&house)
        house.subscribe("b", loop: 0, connection: 2)
        house.unsubscribe("a", loop: 0)
        bus.settle(&house)
        publish(1)
        bus.settle(&house)
        #expect(house.sent.last == "0 publication p0")
    }
}
