import BelfryBroker
import BelfryProtocol
import BrokerContract
import Dispatch
import Testing

@testable import BelfryStore

@Suite("Durable broker")
struct DurableBrokerTests {
    @Test("keeps the contract", arguments: BrokerContract.rules)
    func contract(rule: BrokerContract.Rule) throws { try rule.prove(Desk(StoreBench()).broker) }

    @Test("keeps the contract in relaxed channels", arguments: BrokerContract.rules)
    func relaxedContract(rule: BrokerContract.Rule) throws {
        let desk = try Desk(StoreBench())
        desk.broker.durability = .relaxed
        try rule.prove(desk.broker)
    }

    @Test(arguments: [true, false]) func `what was acknowledged is there after a stop and after a crash`(
        isCrash: Bool
    ) throws {
        let first = try Desk(StoreBench())
        let options = PublishOptions(history: try policy())
        for text in ["x", "y", "z"] { _ = try first.broker.publish(text, to: "a", options) }
        let top = try first.broker.subscribe("a", policy())
        let second = try isCrash ? first.afterCrash() : first.again()
        #expect(try second.broker.subscribe("a", policy()) == top)
        #expect(try second.texts("a", policy()) == ["x", "y", "z"])
        let next = StreamPosition(offset: 4, epoch: top?.epoch ?? "")
        #expect(try second.broker.publish("!", to: "a", options) == .published(next))
    }

    @Test func `a publication comes back byte for byte`() throws {
        let first = try Desk(StoreBench())
        let publication = Publication(
            data: [0, 255, 10, 34], info: ClientInfo(user: "u", client: "c", connInfo: [1], chanInfo: []),
            tags: [Tag("k", "v"), Tag("", "é")], time: -5, form: .binary)
        let policy = try policy()
        let outcome = try first.broker.publish(publication, to: "a", PublishOptions(history: policy))
        let page = try first.broker.history("a", HistoryQuery(limit: -1), policy)
        let second = try first.again()
        #expect(try second.broker.history("a", HistoryQuery(limit: -1), policy) == page)
        #expect(page.publications.first?.epoch == outcome.position?.epoch)
        #expect(page.publications.first?.tags == publication.tags)
    }

    @Test func `nothing is delivered or readable before it is on disk`() throws {
        let desk = try Desk(StoreBench())
        let policy = try policy()
        _ = try desk.broker.subscribe("a", policy)
        desk.store.queue.suspend()
        desk.tell(["x"], to: "a", PublishOptions(history: policy))
        desk.broker.poll()
        #expect(desk.broker.heard == [])
        #expect(try desk.texts("a", policy) == [])
        desk.store.queue.resume()
        #expect(try desk.outcomes(of: 1).count == 1)
        #expect(desk.broker.heard == ["x@1"])
    }

    @Test func `a relaxed publication waits for nothing and is written soon after`() throws {
        let desk = try Desk(StoreBench())
        let policy = try policy(.relaxed)
        _ = try desk.broker.subscribe("a", policy)
        desk.store.queue.suspend()
        desk.tell(["x"], to: "a", PublishOptions(history: policy))
        #expect(desk.broker.heard == ["x@1"])
        desk.store.queue.resume()
        let second = try desk.again()
        #expect(try second.texts("a", policy) == ["x"])
    }

    @Test func `a relaxed stream goes on after a stop, and begins a new epoch after a crash`() throws {
        let first = try Desk(StoreBench())
        let relaxed = try policy(.relaxed)
        let outcome = try first.broker.publish("x", to: "a", PublishOptions(history: relaxed))
        let second = try first.again()
        #expect(try second.broker.subscribe("a", relaxed) == outcome.position)
        let third = try second.afterCrash()
        let top = try third.broker.subscribe("a", relaxed)
        #expect(top?.epoch != outcome.position?.epoch)
        #expect(top?.offset == 1)
        #expect(try third.texts("a", relaxed) == ["x"])
    }

    @Test func `a key is remembered over a crash for its window`() throws {
        let first = try Desk(StoreBench())
        var options = PublishOptions(history: try policy())
        options.idempotency = IdempotencyKey("k", window: .seconds(10))
        let outcome = try first.broker.publish("x", to: "a", options)
        let second = try first.afterCrash()
        #expect(try second.broker.publish("x", to: "a", options) == .duplicate(outcome.position))
        second.broker.now = second.broker.now + .seconds(10)
        #expect(try second.broker.publish("x", to: "a", options).position?.offset == 2)
    }

    @Test func `a version is remembered over a crash`() throws {
        let first = try Desk(StoreBench())
        var options = PublishOptions(history: try policy())
        options.version = PublicationVersion(number: .max, epoch: "v")
        let outcome = try first.broker.publish("x", to: "a", options)
        let second = try first.afterCrash()
        let position = try #require(outcome.position)
        #expect(try second.broker.publish("x", to: "a", options) == .outdated(position))
    }

    @Test func `a repeated key is answered only when the first publication is on disk`() throws {
        let desk = try Desk(StoreBench())
        var options = PublishOptions(history: try policy())
        options.idempotency = IdempotencyKey("k")
        desk.store.queue.suspend()
        desk.tell(["x", "x"], to: "a", options)
        desk.broker.poll()
        #expect(desk.broker.events.isEmpty)
        desk.store.queue.resume()
        let outcomes = try desk.outcomes(of: 2)
        let position = try #require(try outcomes[0].get().position)
        #expect(outcomes == [.success(.published(position)), .success(.duplicate(position))])
    }

    @Test func `the epoch of an empty stream is kept`() throws {
        let first = try Desk(StoreBench())
        let top = try first.broker.subscribe("a", policy())
        let second = try first.again()
        #expect(try second.broker.subscribe("a", policy()) == top)
    }

    @Test func `removed history stays removed, and its top stays`() throws {
        let first = try Desk(StoreBench())
        let options = PublishOptions(history: try policy())
        _ = try first.broker.publish("x", to: "a", options)
        try first.broker.removeHistory("a")
        let second = try first.afterCrash()
        #expect(try second.texts("a", policy()) == [])
        #expect(try second.broker.publish("y", to: "a", options).position?.offset == 2)
    }

    @Test func `a window on disk is as long as it may be, and no longer`() throws {
        let first = try Desk(StoreBench())
        let policy = try policy(size: 3)
        for number in 1...10 {
            _ = try first.broker.publish("\(number)", to: "a", PublishOptions(history: policy))
        }
        #expect(try first.store.count("publication") == 3)
        #expect(try first.again().texts("a", policy) == ["8", "9", "10"])
    }

    @Test func `a stream forgotten by memory leaves nothing of its earlier life`() throws {
        let desk = try Desk(StoreBench(), limits: StreamLimits(streams: 1))
        let policy = try policy()
        _ = try desk.broker.publish("x", to: "a", PublishOptions(history: policy))
        _ = try desk.broker.publish("y", to: "b", PublishOptions(history: policy))
        let outcome = try desk.broker.publish("z", to: "a", PublishOptions(history: policy))
        #expect(outcome.position?.offset == 1)
        let second = try desk.again()
        #expect(try second.texts("a", policy) == ["z"])
        #expect(try second.broker.subscribe("a", policy) == outcome.position)
    }

    @Test func `channels without history never touch the store`() throws {
        let desk = try Desk(StoreBench())
        _ = try desk.broker.subscribe("a")
        var options = PublishOptions()
        options.idempotency = IdempotencyKey("k")
        _ = try desk.broker.publish("x", to: "a", options)
        desk.store.queue.sync {}
        #expect(desk.store.statistics.commits == 0)
    }

    @Test func `many publications of one moment share a commit`() throws {
        let desk = try Desk(StoreBench())
        desk.store.queue.suspend()
        desk.tell((1...500).map { "\($0)" }, to: "a", PublishOptions(history: try policy()))
        desk.store.queue.resume()
        let offsets = try desk.outcomes(of: 500).map { try $0.get().position?.offset }
        #expect(offsets == (1...500).map { UInt64($0) })
        #expect(desk.store.statistics.commits <= 2)
    }
}
