import BelfryBroker
import BelfryProtocol
import Testing

@Suite("Stream table")
struct StreamTableTests {
    @Test func `offsets count from 1 without gaps and the epoch comes with the first only`() throws {
        var desk = try Desk()
        for text in ["a", "b", "c"] { desk.publish(text) }
        let page = desk.read(HistoryQuery(limit: -1))
        #expect(page.publications.map(\.offset) == [1, 2, 3])
        #expect(page.publications.map(\.epoch) == [page.top.epoch, "", ""])
        #expect(page.top.offset == 3)
        #expect(page.top.epoch.count == 8)
    }

    @Test func `an empty stream has an epoch and keeps it`() throws {
        var desk = try Desk()
        let top = desk.read(HistoryQuery()).top
        #expect(top.offset == 0)
        #expect(!top.epoch.isEmpty)
        #expect(desk.publish("a") == .appended(StreamPosition(offset: 1, epoch: top.epoch)))
    }

    @Test func `the window keeps the newest publications only`() throws {
        var desk = try Desk(size: 3)
        for text in ["a", "b", "c", "d", "e"] { desk.publish(text) }
        #expect(desk.texts() == ["c", "d", "e"])
        #expect(desk.table.publicationCount == 3)
    }

    @Test func `publications expire one by one and the top stays`() throws {
        var desk = try Desk(ttl: .seconds(10))
        desk.publish("a")
        desk.pass(.seconds(4))
        desk.publish("b")
        desk.pass(.milliseconds(5_999))
        #expect(desk.texts() == ["a", "b"])
        desk.pass(.milliseconds(1))
        #expect(desk.texts() == ["b"])
        desk.pass(.seconds(4))
        #expect(desk.texts() == [])
        #expect(desk.read(HistoryQuery()).top.offset == 2)
    }

    @Test func `a stream unused for its meta time is forgotten and begins anew`() throws {
        var desk = try Desk(metaTTL: .seconds(100))
        desk.publish("a")
        let first = desk.read(HistoryQuery()).top
        desk.pass(.milliseconds(99_999))
        #expect(desk.read(HistoryQuery()).top == first)
        desk.pass(.seconds(100))
        let second = desk.read(HistoryQuery()).top
        #expect(second.offset == 0)
        #expect(second.epoch != first.epoch)
    }

    @Test func `removing the history keeps epoch and top`() throws {
        var desk = try Desk()
        desk.publish("a")
        let top = desk.read(HistoryQuery()).top
        desk.table.removeHistory(of: desk.channel)
        #expect(desk.read(HistoryQuery(limit: -1)) == HistoryPage(top: top))
        #expect(desk.table.byteCount == 0)
        #expect(desk.publish("b") == .appended(StreamPosition(offset: 2, epoch: top.epoch)))
    }

    @Test func `a publication without history gets no position and leaves the top alone`() throws {
        var desk = try Desk()
        desk.publish("a")
        #expect(desk.publish("b") { $0.history = nil } == .appended(nil))
        #expect(desk.texts() == ["a"])
    }

    @Test(
        "history pages as asked",
        arguments: [
            (nil, 0, false, 300, ""), (nil, 2, false, 300, "cd"), (nil, -1, false, 300, "cdefg"),
            (nil, -1, false, 4, "cdef"), (nil, 9, false, 4, "cdef"), (0, 2, false, 300, "cd"),
            (2, 2, false, 300, "cd"), (3, 2, false, 300, "de"), (6, -1, false, 300, "g"),
            (7, -1, false, 300, ""), (8, -1, false, 300, ""), (.max, -1, false, 300, ""),
            (nil, -1, true, 300, "gfedc"), (nil, 2, true, 300, "gf"), (8, 2, true, 300, "gf"),
            (7, 2, true, 300, "fe"), (4, -1, true, 300, "c"), (3, -1, true, 300, ""), (1, -1, true, 300, ""),
            (.max, 1, true, 300, "g"), (nil, .min, false, 2, "cd"), (nil, .max, true, 0, ""),
            (nil, 3, false, -1, ""),
        ] as [(UInt64?, Int, Bool, Int, String)])
    func pages(since: UInt64?, limit: Int, isReverse: Bool, maximum: Int, expected: String) throws {
        var desk = try Desk(size: 5)
        for text in ["a", "b", "c", "d", "e", "f", "g"] { desk.publish(text) }
        let texts = desk.texts(since: since, limit: limit, isReverse: isReverse, maximum: maximum)
        #expect(texts.joined() == expected)
    }

    @Test func `a position of another epoch reads nothing and says so`() throws {
        var desk = try Desk()
        desk.publish("a")
        let page = desk.read(
            HistoryQuery(since: StreamPosition(offset: 0, epoch: "other"), limit: -1))
        #expect(page.isOfOtherEpoch)
        #expect(page.publications.isEmpty)
        #expect(page.top.offset == 1)
    }

    @Test func `a repeated idempotency key answers with the first position within its window`() throws {
        var desk = try Desk()
        let key = IdempotencyKey("k", window: .seconds(5))
        let first = desk.publish("a") { $0.idempotency = key }
        guard case .appended(let position) = first else { return #expect(Bool(false)) }
        desk.pass(.milliseconds(4_999))
        #expect(desk.publish("a") { $0.idempotency = key } == .duplicate(position))
        #expect(desk.publish("x", to: "chat:b") { $0.idempotency = key } != .duplicate(position))
        desk.pass(.milliseconds(1))
        #expect(desk.publish("b") { $0.idempotency = key } != .duplicate(position))
        #expect(desk.texts() == ["a", "b"])
    }

    @Test func `idempotency holds without history too`() throws {
        var desk = try Desk()
        let key = IdempotencyKey("k")
        let options = { (options: inout PublishOptions) in
            options.history = nil
            options.idempotency = key
        }
        #expect(desk.publish("a", options) == .appended(nil))
        #expect(desk.publish("a", options) == .duplicate(nil))
        #expect(desk.table.streamCount == 0)
    }

    @Test func `only so many idempotency keys are remembered, the newest`() throws {
        var desk = try Desk(limits: StreamLimits(idempotencyKeys: 2))
        for name in ["k1", "k2", "k3"] { desk.publish(name) { $0.idempotency = IdempotencyKey(name) } }
        #expect(desk.table.idempotencyKeyCount == 2)
        #expect(desk.publish("again") { $0.idempotency = IdempotencyKey("k1") } != .duplicate(nil))
        guard case .duplicate = desk.publish("again", { $0.idempotency = IdempotencyKey("k3") })
        else { return #expect(Bool(false)) }
    }

    @Test func `an older or equal version is dropped, another version epoch is not`() throws {
        var desk = try Desk()
        desk.publish("a") { $0.version = PublicationVersion(number: 5) }
        let top = desk.read(HistoryQuery()).top
        #expect(desk.publish("b") { $0.version = PublicationVersion(number: 5) } == .outdated(top))
        #expect(desk.publish("b") { $0.version = PublicationVersion(number: 4) } == .outdated(top))
        desk.publish("c") { $0.version = PublicationVersion(number: 1, epoch: "new") }
        desk.publish("d")
        desk.publish("e") { $0.version = PublicationVersion(number: 2, epoch: "new") }
        #expect(desk.texts() == ["c", "d", "e"])
    }

    @Test func `memory above the bound drops what would expire first`() throws {
        var desk = try Desk(size: 100, limits: StreamLimits(byteCount: 2_000))
        desk.publish(String(repeating: "x", count: 1_000), to: "chat:old")
        desk.pass(.seconds(1))
        desk.publish(String(repeating: "y", count: 500))
        desk.publish(String(repeating: "z", count: 500))
        #expect(desk.table.shedPublications == 1)
        #expect(desk.table.byteCount <= 2_000)
        #expect(desk.texts().count == 2)
        #expect(desk.table.top(of: "chat:old")?.offset == 1)
    }

    @Test func `streams above the bound push out the one used longest ago`() throws {
        var desk = try Desk(limits: StreamLimits(streams: 2))
        desk.publish("1", to: "a")
        desk.pass(.seconds(1))
        desk.publish("1", to: "b")
        desk.pass(.seconds(1))
        desk.publish("2", to: "a")
        desk.publish("1", to: "c")
        #expect(desk.table.streamCount == 2)
        #expect(desk.table.top(of: "b") == nil)
        #expect(desk.table.top(of: "a")?.offset == 2)
        #expect(desk.table.shedStreams == 1)
    }

    @Test func `expiry works in bounded pieces and leaves nothing behind`() throws {
        var desk = try Desk(size: 10, metaTTL: .seconds(10))
        for channel in 0..<5 {
            for text in 0..<4 {
                desk.publish("\(text)", to: "c\(channel)") { $0.idempotency = IdempotencyKey("\(text)") }
            }
        }
        desk.pass(.seconds(1_000))
        #expect(desk.table.expire(now: desk.now, limit: 7) == 7)
        while desk.table.expire(now: desk.now, limit: 7) > 0 {}
        #expect(desk.table.publicationCount == 0)
        #expect(desk.table.byteCount == 0)
        #expect(desk.table.streamCount == 0)
        #expect(desk.table.idempotencyKeyCount == 0)
    }
}
