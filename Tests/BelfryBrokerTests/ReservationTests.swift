import BelfryBroker
import BelfryProtocol
import Testing

@Suite("Reservations")
struct ReservationTests {
    @Test func `a reserved publication is not readable until it is applied`() throws {
        var desk = try Desk()
        let (first, second) = (try desk.reserve("a"), try desk.reserve("b"))
        #expect(desk.texts() == [])
        #expect(desk.table.top(of: desk.channel)?.offset == 0)
        desk.table.apply(first)
        #expect(desk.texts() == ["a"])
        desk.table.apply(second)
        #expect(desk.texts() == ["a", "b"])
    }

    @Test func `cancelled reservations give their offsets, keys and versions back`() throws {
        var desk = try Desk()
        let change = { (options: inout PublishOptions) in
            options.idempotency = IdempotencyKey("k")
            options.version = PublicationVersion(number: 1)
        }
        let (first, second) = (try desk.reserve("a"), try desk.reserve("b", change))
        desk.table.apply(first)
        desk.table.cancel([second])
        let again = try desk.reserve("b", change)
        #expect(again.position.offset == 2)
        desk.table.apply(again)
        #expect(desk.texts() == ["a", "b"])
    }

    @Test func `a stream with reservations is not forgotten`() throws {
        var desk = try Desk(metaTTL: .seconds(10), limits: StreamLimits(streams: 1))
        let waiting = try desk.reserve("a")
        desk.pass(.seconds(1_000))
        desk.table.expire(now: desk.now)
        desk.publish("x", to: "other")
        desk.table.apply(waiting)
        #expect(desk.table.top(of: desk.channel) == waiting.position)
    }

    @Test func `loading what was stored gives the same stream`() throws {
        var desk = try Desk()
        for text in ["a", "b", "c", "d"] { desk.publish(text) { $0.version = PublicationVersion(number: 9) } }
        for text in ["b", "c", "d"] { desk.publish(text) }
        let stored = try #require(desk.table.stored(desk.channel))
        var loaded = StreamTable(seed: 8)
        loaded.restore(stored)
        #expect(loaded.stored(desk.channel) == stored)
        #expect(loaded.byteCount == desk.table.byteCount)
        #expect(loaded.publicationCount == desk.table.publicationCount)
        desk.table = loaded
        #expect(desk.publish("e") { $0.version = PublicationVersion(number: 9) } == .outdated(desk.top))
        desk.pass(.seconds(10))
        #expect(desk.texts() == [])
    }

    @Test(
        "of a stored window only the run up to the top is kept",
        arguments: [
            ([1, 2, 3], 3, "123"), ([1, 3, 4], 4, "34"), ([1, 2], 3, ""), ([], 3, ""), ([4], 4, "4"),
        ])
    func brokenWindow(offsets: [UInt64], top: UInt64, expected: String) throws {
        var desk = try Desk()
        let later = desk.now + .seconds(5)
        let publications = offsets.map {
            StoredPublication(Publication(data: Array("\($0)".utf8), offset: $0), expiresAt: later)
        }
        desk.table.restore(
            StoredStream(
                channel: desk.channel, epoch: "e", top: top, expiresAt: later, publications: publications))
        #expect(desk.texts().joined() == expected)
        #expect(desk.read(HistoryQuery()).top == StreamPosition(offset: top, epoch: "e"))
    }

    @Test func `a remembered key survives loading`() throws {
        var desk = try Desk()
        let position = StreamPosition(offset: 4, epoch: "e")
        desk.table.restore(
            StoredKey(
                channel: desk.channel, key: "k", position: position, expiresAt: desk.now + .seconds(1)))
        #expect(desk.publish("a") { $0.idempotency = IdempotencyKey("k") } == .duplicate(position))
    }

    @Test func `a store is told that a stream was begun, and when its end has moved far`() throws {
        var desk = try Desk(metaTTL: .seconds(800))
        _ = desk.texts()
        let begun = try #require(desk.table.unnoted(desk.channel, policy: desk.policy))
        #expect(begun.epoch == desk.top.epoch)
        desk.table.note(begun)
        for (passed, isTold) in [(0, false), (99, false), (1, true)] {
            desk.pass(.seconds(passed))
            _ = desk.texts()
            #expect((desk.table.unnoted(desk.channel, policy: desk.policy) != nil) == isTold)
        }
        desk.table.apply(try desk.reserve("a"))
        #expect(desk.table.unnoted(desk.channel, policy: desk.policy) == nil)
    }
}
