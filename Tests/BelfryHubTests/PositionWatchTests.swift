import BelfryBroker
import BelfryBytes
import BelfryProtocol
import Testing

@testable import BelfryHub

/// protocol.md 9.5: positions are compared with the broker.
@Suite struct PositionWatchTests {
    private let policy: HistoryPolicy
    private let bus = Bus()

    init() throws { policy = try #require(HistoryPolicy(size: 100, ttl: .seconds(1_000))) }

    private func house(_ broker: (any Broker)? = nil) -> House {
        var house = House(loops: 2, broker: broker ?? BusBroker(bus: bus))
        house.subscribe("a", loop: 1, Positioning(history: policy))
        bus.settle(&house)
        house.sent = []
        return house
    }

    /// Lets so many seconds pass, and the bus do its work in each.
    private func pass(_ seconds: Int, _ house: inout House) {
        for _ in 0..<seconds {
            house.poll()
            bus.now = house.now
            bus.settle(&house)
        }
    }

    @Test func `the loss of the last publication is told after two looks`() {
        var house = house()
        bus.publish("lost", policy)
        bus.dropPush()
        pass(40, &house)
        #expect(house.sent == [])
        pass(6, &house)
        #expect(house.sent == ["1 insufficient check"])
        pass(200, &house)
        #expect(house.sent.count == 1, "told once")
    }

    @Test func `a publication on its way is no loss`() {
        var house = house()
        bus.publish("slow", policy)
        for _ in 0..<42 {
            house.poll()
            bus.work()
            house.receive(bus.takeAnswer())
        }
        bus.settle(&house)
        pass(200, &house)
        #expect(house.sent == ["1 publication slow"])
    }

    @Test func `who misses nothing is left alone`() {
        var house = house()
        for number in 0..<300 {
            if number % 7 == 0 { bus.publish("p", policy) }
            pass(1, &house)
        }
        #expect(house.sent.allSatisfy { $0 == "1 publication p" } && house.sent.count == 43)
    }

    @Test func `a broker that has forgotten what members have seen is told, and the next publications come`()
    {
        var house = house()
        bus.publish("one", policy)
        bus.settle(&house)
        bus.lose(seed: 9)
        pass(46, &house)
        #expect(house.sent == ["1 publication one", "1 insufficient check"])
        bus.publish("new", policy)
        bus.settle(&house)
        #expect(house.sent.last == "1 publication new")
    }

    @Test func `a broker that does not answer is asked once, and fails nobody`() {
        var house = house()
        for _ in 0..<200 { house.poll() }
        #expect(bus.requests.count == 1 && house.sent == [])
    }

    @Test func `without positioned members, or with a broker that loses nothing, nobody is asked`() {
        var house = House(loops: 1, broker: BusBroker(bus: bus))
        house.subscribe("a", loop: 0)
        bus.settle(&house)
        pass(100, &house)
        #expect(bus.log == ["subscribe"] && bus.requests.isEmpty)
        var watch = PositionWatch()
        #expect(watch.due(now: WallTime(milliseconds: 0)).isEmpty)
        #expect(!MemoryBroker(seed: 1).mayLose)
    }

    @Test("every channel has its turn once in the interval, evenly", arguments: [1, 7, 40, 399, 4_000])
    func spread(count: Int) {
        var watch = PositionWatch()
        for number in 0..<count { watch.add("\(number)") }
        var looks: [String: Int] = [:]
        var most = 0
        for second in 0...80 {
            let due = watch.due(now: WallTime(milliseconds: Int64(second) * 1_000))
            most = max(most, due.count)
            for channel in due { looks[channel, default: 0] += 1 }
        }
        #expect(looks.count == count && looks.values.allSatisfy { $0 == 2 })
        #expect(most <= count / 40 + 1)
    }

    @Test func `one turn looks at so many, however many there are and however long the last was ago`() {
        var watch = PositionWatch()
        for number in 0..<100_000 { watch.add("\(number)") }
        #expect(watch.due(now: WallTime(milliseconds: 0)).isEmpty)
        let late = watch.due(now: WallTime(milliseconds: 10_000_000))
        #expect(late.count == PositionWatch.looksMax)
        #expect(watch.due(now: WallTime(milliseconds: 0)).isEmpty, "the clock was set back")
    }

    @Test func `a channel that has ended has no turn`() {
        var watch = PositionWatch()
        for number in 0..<10 { watch.add("\(number)") }
        for number in 0..<9 { watch.remove("\(number)") }
        watch.remove("never")
        _ = watch.due(now: WallTime(milliseconds: 0))
        #expect(watch.due(now: WallTime(milliseconds: 40_000)) == ["9"])
    }

    @Test(
        "a lossy bus: whoever misses something is told", arguments: 0..<200 as Range<UInt64>)
    func lossy(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var house = house()
        for _ in 0..<100 {
            switch random.below(8) {
            case 0...2: bus.publish("p", policy)
            case 3 where seed % 2 == 1: bus.dropPush()
            case 4: house.poll(after: .milliseconds(random.below(20_000)))
            case 5: bus.work()
            case 6: house.receive(bus.takeAnswer())
            default: house.receive(bus.takePush())
            }
            bus.now = house.now
        }
        pass(100, &house)
        let heard = house.sent.filter { $0 == "1 publication p" }.count
        let isTold = house.sent.contains { $0.hasPrefix("1 insufficient") }
        let top = bus.table.top(of: House.channel)?.offset ?? 0
        #expect(heard == Int(top) || isTold && seed % 2 == 1, "\(heard) of \(top), seed \(seed)")
        #expect(house.hub.pendingCount == 0)
    }
}
