import BelfryAPI
import BelfryObserve
import Foundation
import NIOCore
import Synchronization
import Testing

@testable import BelfrySidePort

private func entry(_ event: Event, sequence: UInt64? = nil) -> EntryBuffer {
    var buffer = EntryBuffer()
    EventEncoder(threadID: 7).encode(event, sequence: sequence, into: &buffer)
    return buffer
}

extension JournalFeed {
    fileprivate func show(_ event: Event) { show(entry(event), event.kind, event.priority, at: 1) }
}

private func rotated(_ number: UInt64) -> Event { .tlsTicketsRotated(generation: number) }

@Suite("Entry filters") struct EntryFilterTests {
    @Test func `kinds come one by one or as families, and a priority with those above it`() throws {
        let all = try EntryFilter(parsing: "")
        #expect(EventKind.allCases.allSatisfy { all.accepts($0, .debug) })
        let some = try EntryFilter(parsing: "kind=auth.failure&kind=tls.*&priority=warning")
        #expect(some.accepts(.authFailure, .warning) && some.accepts(.tlsCertLoaded, .error))
        #expect(!some.accepts(.authFailure, .notice) && !some.accepts(.authSuccess, .warning))
        #expect(try EntryFilter(parsing: "priority=4") == EntryFilter(parsing: "priority=warning"))
        #expect(try EntryFilter(parsing: "kind=auth%2Efailure").kinds == [.authFailure])
    }

    @Test(arguments: [
        "kind=", "kind", "kind=auth", "kind=nothing.*", "kind=*", "kind=.*", "kind=%ff", "kind=AUTH.FAILURE",
        "priority=", "priority=8", "priority=-1", "priority=loud", "priority=err&priority=err", "who=x",
    ])
    func `anything else is refused in words that do not repeat it`(query: String) {
        do {
            _ = try EntryFilter(parsing: query[...])
            Issue.record("taken: \(query)")
        } catch {
            #expect(!error.message.isEmpty && !error.message.contains("loud"))
        }
    }
}

@Suite("Entry lines") struct EntryLineTests {
    @Test func `a line has the fields of the journal, all of them strings`() throws {
        let event = Event.adminRequest(
            peerAddress: "127.0.0.1", method: "GET", path: "/a\"b\\c\u{1B}[2J\n\u{202E}é", status: 200,
            actor: nil)
        let buffer = entry(event, sequence: 3)
        let line = buffer.jsonLine(at: 1_700_000_000_123_456)
        let text = String(decoding: line, as: UTF8.self)
        #expect(!text.contains("\n") && !text.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{202E}" })
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: String])
        #expect(object["__REALTIME_TIMESTAMP"] == "1700000000123456")
        #expect(object["BELFRY_EVENT"] == "admin.request" && object["BELFRY_SEQ"] == "3")
        #expect(object["BELFRY_PATH"] == #"/a"b\\c\x1b[2J\n\u{202e}é"#)
        #expect(object.count == buffer.items.count + 1)
        for item in buffer.items {
            let name = String(decoding: buffer.name(of: item), as: UTF8.self)
            #expect(object[name] == String(decoding: buffer.value(of: item), as: UTF8.self))
        }
    }

    @Test func `a token is in no line`() {
        let token =
            "eyJhbGciOiJIUzI1NiJ9." + String(repeating: "a1B", count: 40) + ".c2lnbmF0dXJlLW9mLXRva2Vu"
        let event = Event.adminRequest(
            peerAddress: token, method: "GET", path: "/?token=\(token)", status: 200,
            actor: "password=hunter2")
        let text = String(decoding: entry(event).jsonLine(at: 1), as: UTF8.self)
        #expect(!text.contains("eyJ") && !text.contains("hunter2") && text.contains("[redacted]"))
    }
}

@Suite("Journal feed", .timeLimit(.minutes(1))) struct JournalFeedTests {
    private static func limits(_ change: (inout JournalFeed.Limits) -> Void) -> JournalFeed.Limits {
        var limits = JournalFeed.Limits()
        change(&limits)
        return limits
    }

    private static func feed(
        _ limits: JournalFeed.Limits = .init(), lost: (@Sendable () -> Void)? = nil
    ) -> JournalFeed {
        JournalFeed(uid: "ab", limits: limits, onActive: { _, _ in }, onLoss: { _ in lost?() })
    }

    private static func follow(
        _ feed: JournalFeed, _ query: String = "", after id: String? = nil,
        while isAllowed: @escaping @Sendable () -> Bool = { true }
    ) throws -> JournalStream? {
        feed.follow(try EntryFilter(parsing: query[...]), after: id, while: isAllowed)
    }

    private static func text(_ stream: JournalStream?) async throws -> String {
        var all = ""
        for await part in try #require(stream) { all += String(buffer: part) }
        return all
    }

    /// The ids of entries, and what else was told, in order.
    private static func story(_ text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            if line.hasPrefix("id: ") { return String(line.dropFirst(4)) }
            if line.hasPrefix("event: "), !line.hasSuffix(" entry") { return String(line.dropFirst(7)) }
            return line.hasPrefix("data: {\"count\"") ? String(line.dropFirst(6)) : nil
        }
    }

    @Test func `followers see what their filters let through, in order, and then why it ended`() async throws
    {
        let feed = Self.feed()
        let all = try Self.follow(feed)
        let tls = try Self.follow(feed, "kind=tls.*")
        #expect(feed.followerCount == 2)
        feed.show(rotated(1))
        feed.show(.configLoaded(hash: "c", changedKeys: [], restartKeys: []))
        feed.show(rotated(2))
        feed.end()
        #expect(!feed.isWritten)
        let (seen, some) = (try await Self.text(all), try await Self.text(tls))
        #expect(Self.story(seen) == ["ab-1", "ab-2", "ab-3", "end"])
        #expect(Self.story(some) == ["ab-1", "ab-3", "end"])
        #expect(
            some.hasPrefix("retry: 3000\n\nid: ab-1\nevent: entry\ndata: {\"__REALTIME_TIMESTAMP\":\"1\","))
        #expect(some.hasSuffix("event: end\ndata: {\"reason\":\"drain\"}\n\n"))
        #expect(feed.isWritten && feed.followerCount == 0)
        #expect(try Self.follow(feed) == nil)
    }

    @Test func `a slow follower loses entries, is told how many, and stays`() async throws {
        let losses = Atomic<Int>(0)
        let feed = Self.feed(Self.limits { $0.waiting = 3 }, lost: { losses.add(1, ordering: .relaxed) })
        let stream = try #require(try Self.follow(feed))
        for number in 1...10 { feed.show(rotated(UInt64(number))) }
        #expect(losses.load(ordering: .relaxed) == 7 && feed.followerCount == 1)
        var reader = stream.makeAsyncIterator()
        var text = ""
        for _ in 0..<4 { text += String(buffer: try #require(await reader.next(isolation: nil))) }
        feed.show(rotated(11))
        feed.end()
        while let part = await reader.next(isolation: nil) { text += String(buffer: part) }
        #expect(Self.story(text) == ["ab-1", "ab-2", "ab-3", "lost", "{\"count\":7}", "ab-11", "end"])
    }

    @Test func `the count of what was lost comes with the next beat when no entry does`() async throws {
        let feed = Self.feed(Self.limits { $0.waiting = 1 })
        let stream = try #require(try Self.follow(feed))
        for number in 1...3 { feed.show(rotated(UInt64(number))) }
        var reader = stream.makeAsyncIterator()
        for _ in 0..<2 { _ = await reader.next(isolation: nil) }
        feed.beat()
        let told = String(buffer: try #require(await reader.next(isolation: nil)))
        #expect(told == "event: lost\ndata: {\"count\":2}\n\n")
    }

    @Test(arguments: [
        ("ab-2", ["ab-3", "ab-4", "end"]), ("ab-4", ["end"]), ("ab-1", ["ab-2", "ab-3", "ab-4", "end"]),
        ("ab-0", ["gap", "end"]), ("ab-5", ["gap", "end"]), ("cd-2", ["gap", "end"]), ("x", ["gap", "end"]),
        ("", ["end"]),
    ])
    func `who comes back gets what it missed, or hears that it cannot`(id: String, story: [String])
        async throws
    {
        let feed = Self.feed(Self.limits { $0.ringCount = 3 })
        let first = try Self.follow(feed)
        for number in 1...4 { feed.show(rotated(UInt64(number))) }
        let again = try Self.follow(feed, after: id)
        feed.end()
        #expect(Self.story(try await Self.text(again)) == story)
        _ = first
    }

    @Test func `what is missed passes the filter as well`() async throws {
        let feed = Self.feed()
        let first = try Self.follow(feed)
        feed.show(rotated(1))
        feed.show(.configLoaded(hash: "c", changedKeys: [], restartKeys: []))
        let again = try Self.follow(feed, "kind=config.loaded", after: "ab-0")
        feed.end()
        #expect(Self.story(try await Self.text(again)) == ["ab-2", "end"])
        _ = first
    }

    @Test func `entries are asked for while somebody follows, and for three beats more`() throws {
        let turns = Mutex<[Bool]>([])
        let feed = JournalFeed(uid: "ab", onActive: { _, isOn in turns.withLock { $0.append(isOn) } })
        feed.show(rotated(1))
        feed.beat()
        #expect(turns.withLock { $0 } == [])
        let stream = try #require(try Self.follow(feed))
        feed.show(rotated(2))
        for _ in 0..<5 { feed.beat() }
        feed.leave(stream.number)
        feed.beat()
        feed.beat()
        let second = try #require(try Self.follow(feed, after: "ab-1"))
        feed.leave(second.number)
        #expect(turns.withLock { $0 } == [true])
        for _ in 0..<3 { feed.beat() }
        #expect(turns.withLock { $0 } == [true, false])
    }

    @Test func `who comes back to a feed at rest has missed something`() async throws {
        let feed = Self.feed(Self.limits { $0.idleBeats = 1 })
        let stream = try #require(try Self.follow(feed))
        feed.show(rotated(1))
        feed.leave(stream.number)
        feed.beat()
        feed.show(rotated(2))
        let again = try Self.follow(feed, after: "ab-1")
        feed.show(rotated(3))
        feed.end()
        #expect(Self.story(try await Self.text(again)) == ["gap", "ab-3", "end"])
    }

    @Test func `a stream ends with its key, and after its time`() async throws {
        let isAllowed = Atomic<Bool>(true)
        let feed = Self.feed(Self.limits { $0.lifeBeats = 2 })
        let held = try Self.follow(feed, while: { isAllowed.load(ordering: .relaxed) })
        feed.beat()
        isAllowed.store(false, ordering: .relaxed)
        let other = try Self.follow(feed)
        for _ in 0..<3 { feed.beat() }
        #expect(try await Self.text(held).hasSuffix(": \n\nevent: end\ndata: {\"reason\":\"key\"}\n\n"))
        #expect(try await Self.text(other).hasSuffix(": \n\nevent: end\ndata: {\"reason\":\"time\"}\n\n"))
    }

    @Test func `there are only so many places, and who leaves makes room`() throws {
        let feed = Self.feed(Self.limits { $0.followers = 2 })
        let one = try #require(try Self.follow(feed))
        let other = try Self.follow(feed)
        #expect(other != nil && feed.followerCount == 2)
        #expect(try Self.follow(feed) == nil)
        feed.leave(one.number)
        feed.leave(one.number)
        #expect(try Self.follow(feed) != nil)
    }
}

private final class FakeEvents: EventService {
    let keys: APIKeys
    let feed = JournalFeed(uid: "ab", onActive: { _, _ in })
    private let state = Mutex<[String]>([])
    let isFull: Bool

    init(_ keys: [APIKey], isFull: Bool = false) {
        self.keys = APIKeys(keys)
        self.isFull = isFull
    }

    var refused: [String] { state.withLock { $0 } }

    func unixSeconds() -> Int64 { 1_000 }

    func follow(
        _ filter: EntryFilter, by key: APIKey, from peer: String, after lastID: String?
    ) -> JournalStream? {
        guard !isFull else { return nil }
        let stream = feed.follow(filter, after: lastID) { true }
        feed.show(rotated(1))
        feed.end()
        return stream
    }

    func refused(_ denial: APIDenial, path: String, actor: String?, peer: String, status: Int) {
        state.withLock { $0.append("\(denial) \(actor ?? "-") \(peer) \(status)") }
    }
}

@Suite("Entries on the side port", .timeLimit(.minutes(1))) struct EntryRoutingTests {
    private static let keys = [
        APIKey(name: "siem", key: Array("siem-key".utf8), scopes: [.events]),
        APIKey(name: "root", key: Array("root-key".utf8), scopes: [.all, .tapBodies]),
        APIKey(name: "old", key: Array("old-key".utf8), scopes: [.events], expiresAt: 1_000),
    ]

    private func ask(
        _ service: FakeEvents, _ query: String = "", method: String = "GET", _ fields: String...
    ) async throws -> RawClient.Reply {
        let extra = fields.map { $0 + "\r\n" }.joined()
        return try await withSidePort(events: service) { client in
            try await client.exchange(
                "\(method) /events/stream\(query) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(extra)\r\n"
            )
        }
    }

    @Test func `whoever has the scope follows, as server-sent events`() async throws {
        let service = FakeEvents(Self.keys)
        let reply = try await ask(service, "?kind=tls.*", "X-API-Key: siem-key", "Last-Event-ID: zz-1")
        #expect(reply.status == 200 && reply.header("Content-Type") == "text/event-stream")
        #expect(reply.body.contains("event: gap") && reply.body.contains("id: ab-1\nevent: entry\n"))
        #expect(reply.body.contains("\"reason\":\"drain\"") && service.refused == [])
    }

    @Test(arguments: [
        ([], "missing - 127.0.0.1 401", 401), (["X-API-Key: nobody"], "unknown - 127.0.0.1 401", 401),
        (["X-API-Key: old-key"], "expired old 127.0.0.1 401", 401),
        (["Authorization: apikey root-key"], "scope root 127.0.0.1 403", 403),
    ])
    func `whoever has not is refused and noted`(fields: [String], note: String, status: Int) async throws {
        let service = FakeEvents(Self.keys)
        let reply = try await withSidePort(events: service) { client in
            let extra = fields.map { $0 + "\r\n" }.joined()
            return try await client.exchange(
                "GET /events/stream?kind=x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(extra)\r\n")
        }
        #expect(reply.status == status && service.refused == [note])
    }

    @Test func `a bad question is 400, another method 405, without keys 404, without room 503`() async throws
    {
        #expect(try await ask(FakeEvents(Self.keys), "?kind=x", "X-API-Key: siem-key").status == 400)
        let head = try await ask(FakeEvents(Self.keys), method: "HEAD", "X-API-Key: siem-key")
        #expect(head.status == 405 && head.header("Allow") == "GET")
        #expect(try await ask(FakeEvents([]), "", "X-API-Key: siem-key").status == 404)
        let full = try await ask(FakeEvents(Self.keys, isFull: true), "", "X-API-Key: siem-key")
        #expect(full.status == 503 && full.header("Retry-After") != nil)
        #expect(try await withSidePort { try await $0.get("/events/stream") }.status == 404)
    }
}
