import BelfryObserve
import Foundation
import Testing

@testable import BelfrySidePort

@Suite("Connection query")
struct ConnectionQueryTests {
    @Test func `nothing asked means the hundred newest`() throws {
        let query = try ConnectionQuery(parsing: "")
        #expect(query.limit == 100 && query.offset == 0 && query.order == .started && query.isDescending)
        #expect(query.state == nil && query.subject == nil && query.source == nil && query.room == nil)
    }

    @Test func `every parameter is taken`() throws {
        let query = try ConnectionQuery(
            parsing:
                "sort=-queue.bytes&limit=1000&offset=20&state=closed&subject=0a&source=2001%3Adb8%3A%3A1&room=a%26b"
        )
        #expect(query.order == .queueBytes && query.isDescending)
        #expect(query.limit == 1000 && query.offset == 20 && query.state == .closed)
        #expect(query.subject == "0a" && query.source == "2001:db8::1" && query.room == "a&b")
        #expect(try ConnectionQuery(parsing: "sort=id").isDescending == false)
    }

    @Test(arguments: [
        ("limit=0", ConnectionQuery.Fault.badValue(.limit)), ("limit=1001", .badValue(.limit)),
        ("limit=-1", .badValue(.limit)), ("limit=+1", .badValue(.limit)), ("limit=1e3", .badValue(.limit)),
        ("limit=99999999999999999999", .badValue(.limit)), ("limit=", .badValue(.limit)),
        ("limit", .badValue(.limit)),
        ("offset=1000001", .badValue(.offset)), ("offset=%31x", .badValue(.offset)),
        ("sort=color", .badValue(.sort)),
        ("sort=-", .badValue(.sort)), ("state=half", .badValue(.state)), ("subject=", .badValue(.subject)),
        ("room=%ff", .notPercentEncoded), ("room=%4", .notPercentEncoded), ("colour=red", .unknownParameter),
        ("=1", .unknownParameter), ("limit=1&limit=2", .repeatedParameter),
        ("room=" + String(repeating: "x", count: 766), .badValue(.room)),
    ])
    func `what is not understood is refused`(text: String, fault: ConnectionQuery.Fault) {
        #expect(throws: fault) { try ConnectionQuery(parsing: text[...]) }
        #expect(!fault.message.isEmpty)
    }

    @Test(arguments: ["limit=1", "limit=1000", "offset=0", "offset=1000000", "&&limit=5&", "limit=007"])
    func `the edges are taken`(text: String) {
        #expect(throws: Never.self) { try ConnectionQuery(parsing: text[...]) }
    }

    @Test func `filters are joined by and`() {
        var closed = ConnectionRecord.sample("3", subject: "a")
        closed.close = .init(by: .server, reason: .slow, code: 3008)
        let records = [
            .sample("1", subject: "a"), .sample("2", subject: "a", address: "192.0.2.2"), closed,
            .sample("4", subject: "b"),
        ]
        var query = ConnectionQuery()
        query.order = .id
        query.isDescending = false
        query.subject = "a"
        #expect(query.page(of: records).connections.map(\.id) == ["1", "2", "3"])
        query.state = .open
        #expect(query.page(of: records).connections.map(\.id) == ["1", "2"])
        query.source = "192.0.2.1"
        #expect(query.page(of: records).connections.map(\.id) == ["1"])
        query.state = .closed
        #expect(query.page(of: records).connections.map(\.id) == ["3"])
    }

    @Test(arguments: ConnectionQuery.Order.allCases)
    func `both directions sort, and equal ones stand by id`(order: ConnectionQuery.Order) {
        let records = (0..<20).map { number in
            var record = ConnectionRecord.sample(String(UnicodeScalar(UInt8(97 + number))))
            let value = number * 7 % 5
            record.started += Double(value)
            record.lastActivity += Double(value)
            record.duration += .seconds(value)
            record.roomCount = value
            record.received = .init(messages: UInt64(value), bytes: UInt64(value))
            record.sent = .init(messages: UInt64(value), bytes: UInt64(value))
            record.queueBytes = UInt64(value)
            return record
        }
        var query = ConnectionQuery()
        query.order = order
        query.isDescending = false
        let up = query.page(of: records.reversed()).connections
        query.isDescending = true
        let down = query.page(of: records).connections
        if order == .id {
            #expect(up.map(\.id) == down.map(\.id).reversed())
        } else {
            #expect(up.map(\.roomCount) == up.map(\.roomCount).sorted())
            #expect(down.map(\.roomCount) == up.map(\.roomCount).reversed())
            for (one, next) in zip(down, down.dropFirst()) where one.roomCount == next.roomCount {
                #expect(one.id < next.id)
            }
        }
    }

    @Test(arguments: [(0, 3), (3, 3), (9, 1), (10, 0), (1_000_000, 0)])
    func `pages tile the matches`(offset: Int, count: Int) {
        var query = ConnectionQuery()
        query.limit = 3
        query.offset = offset
        let page = query.page(of: (0..<10).map { .sample("\($0)") })
        #expect(
            page.total == 10 && page.connections.count == count && page.offset == offset && page.limit == 3)
    }

    @Test func `a record is written with the names of OpenTelemetry`() throws {
        var record = ConnectionRecord.sample("c1", subject: "00ff")
        record.close = .init(by: .server, reason: .slow, code: 3008)
        record.sent = .init(messages: 2, bytes: 300)
        let data = try JSONEncoder().encode(record)
        let fields = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(
            Set(fields.keys) == [
                "id", "state", "stage", "user.hash", "client.address", "client.port", "tls.protocol.version",
                "tls.cipher",
                "client.name", "started", "last_activity", "duration_seconds", "messages.received",
                "messages.sent",
                "bytes.received", "bytes.sent", "queue.bytes", "rooms", "close.by", "close.reason",
                "close.code",
            ])
        #expect(fields["state"] as? String == "closed" && fields["close.reason"] as? String == "slow")
        #expect(fields["started"] as? String == "2023-11-14T22:13:20.000Z")
        #expect(fields["duration_seconds"] as? Double == 2.25)
        #expect(fields["bytes.sent"] as? Int == 300)
    }

    @Test func `hostile text comes out as JSON without raw control bytes`() throws {
        var record = ConnectionRecord.sample("c")
        record.clientName = "\u{1B}[31m\"\\\n\u{0}</script>"
        let data = try JSONEncoder().encode(record)
        #expect(!data.contains { $0 < 0x20 })
        let fields = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(fields["client.name"] as? String == record.clientName)
    }
}
