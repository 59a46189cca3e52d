import BelfryAPI
import BelfryObserve
import Foundation
import NIOCore
import Synchronization
import Testing

@testable import BelfrySidePort

@Suite("Tap requests") struct TapRequestTests {
    @Test func `a user or a channel is followed, for ten minutes unless it says so`() throws {
        #expect(try TapRequest(parsing: "user=ada%20l") == TapRequest(.user("ada l")))
        var request = TapRequest(.channel("chat:lobby"))
        request.showsBodies = true
        request.duration = .seconds(90)
        #expect(try TapRequest(parsing: "channel=chat:lobby&bodies=yes&for=90s") == request)
    }

    @Test(arguments: [
        "", "bodies=yes", "user=a&channel=b", "user=", "user", "user=%ff", "user=a&user=b", "who=a",
        "user=a&bodies=true", "user=a&for=0s", "user=a&for=61m", "user=a&for=", "user=a&for=1d",
        "user=a&for=99999s", "user=a&for=-1s", "user=\(String(repeating: "x", count: 800))",
    ])
    func `anything else is refused in words that do not repeat it`(query: String) {
        do {
            _ = try TapRequest(parsing: query[...])
            Issue.record("taken: \(query)")
        } catch {
            #expect(!error.message.isEmpty && !error.message.contains("xxx"))
        }
    }
}

@Suite("Tap entries") struct TapEntryTests {
    private static func text(_ entry: TapEntry) -> String { String(decoding: entry.json, as: UTF8.self) }

    @Test func `an entry is one line of JSON with its direction`() {
        var entry = TapEntry(.command, at: 1_700_000_000_123)
        entry.add("channel", "a:b")
        entry.add("id", UInt32(3))
        entry.add("token", true)
        entry.add("user", String?.none)
        #expect(
            Self.text(entry)
                == #"{"time_ms":1700000000123,"type":"command","direction":"in","#
                + #""channel":"a:b","id":3,"token":true}"#)
    }

    @Test func `a token is shown nowhere, in a body neither`() throws {
        let token =
            "eyJhbGciOiJIUzI1NiJ9." + String(repeating: "a1B", count: 40) + ".c2lnbmF0dXJlLW9mLXRva2Vu"
        var entry = TapEntry(.command, at: 0)
        entry.add("channel", token)
        entry.add(body: Array(#"{"text":"see \#(token)","password":"hunter2"}"#.utf8))
        // One that is cut where the body is: what is shown of it may not be its beginning.
        let filler = String(repeating: "x ", count: 2_030)
        entry.add(body: Array((filler + token).utf8))
        let text = Self.text(entry)
        #expect(!text.contains("eyJ") && !text.contains("hunter2") && text.contains("[redacted]"))
    }

    @Test func `what a peer wrote moves no terminal and forges no line`() {
        var entry = TapEntry(.command, at: 0)
        entry.add("channel", "a\u{1B}[2J\r\ndata: {}\u{202E}")
        entry.add(body: Array("\u{9B}2J\n\u{2028}".utf8))
        #expect(Self.text(entry).unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F })
    }

    @Test func `a long body is cut at 4 KiB, and its length is told`() throws {
        var entry = TapEntry(.publication, at: 0)
        entry.add(body: [UInt8](repeating: UInt8(ascii: "a"), count: 4_097))
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(entry.json)) as? [String: Any])
        #expect((object["body"] as? String)?.utf8.count == 4_096)
        #expect(object["body_bytes"] as? Int == 4_097 && object["body_cut"] as? Bool == true)
        var short = TapEntry(.publication, at: 0)
        short.add(body: [0xFF, 0x41])
        #expect(Self.text(short).contains("\"body_bytes\":2,\"body\":\"\u{FFFD}A\"}"))
    }
}

@Suite("Tap feed", .timeLimit(.minutes(1))) struct TapFeedTests {
    private static func text(_ stream: TapStream) async -> String {
        var all = ""
        for await part in stream { all += String(buffer: part) }
        return all
    }

    private static func show(_ kind: TapEntry.Kind, at time: Int64, on feed: TapFeed) {
        if let entry = feed.entry(kind, at: time) { feed.show(entry) }
    }

    /// The types of the entries, in order.
    private static func types(_ text: String) -> [String] {
        text.matches(of: /"type":"(\w+)"/).map { String($0.1) }
    }

    @Test func `a follower gets the entries in order, then why it ended`() async {
        let ends = Mutex<[TapFeed.End]>([])
        let feed = TapFeed { _, end in ends.withLock { $0.append(end) } }
        let stream = feed.start(for: .seconds(600))
        Self.show(.connected, at: 1_000, on: feed)
        Self.show(.closed, at: 1_001, on: feed)
        feed.end(.drain)
        feed.end(.time)
        Self.show(.present, at: 1_002, on: feed)
        let text = await Self.text(stream)
        #expect(Self.types(text) == ["connected", "closed", "end"] && text.contains(#""reason":"drain"}"#))
        #expect(ends.withLock { $0 } == [.drain] && feed.shownCount == 2 && feed.isFinished)
    }

    @Test func `of too many entries in a second the rest is counted, and the count is shown`() async {
        var limits = TapFeed.Limits()
        limits.entriesPerSecond = 2
        let feed = TapFeed(limits: limits) { _, _ in }
        let stream = feed.start(for: .seconds(600))
        for time: Int64 in [5_000, 5_001, 5_002, 5_999, 6_000, 6_001, 6_002] {
            Self.show(.push, at: time, on: feed)
        }
        feed.end(.time)
        let text = await Self.text(stream)
        #expect(Self.types(text) == ["push", "push", "left_out", "push", "push", "end"])
        #expect(text.contains(#""count":2"#) && text.contains(#""left_out":1"#))
    }

    @Test func `a follower that takes nothing is cut, told so, and nobody waits for it`() async {
        var limits = TapFeed.Limits()
        limits.waiting = 3
        let ends = Mutex<[TapFeed.End]>([])
        let feed = TapFeed(limits: limits) { _, end in ends.withLock { $0.append(end) } }
        let stream = feed.start(for: .seconds(600))
        for time: Int64 in 0..<5 { Self.show(.push, at: time, on: feed) }
        #expect(ends.withLock { $0 } == [.slow] && feed.shownCount == 3)
        #expect(await Self.text(stream).hasSuffix("\"type\":\"end\",\"reason\":\"slow\"}\n\n"))
    }

    @Test func `a tap ends when its time is over, and comments tell that it lives`() async {
        var limits = TapFeed.Limits()
        limits.beat = .milliseconds(5)
        let feed = TapFeed(limits: limits) { _, _ in }
        let text = await Self.text(feed.start(for: .milliseconds(30)))
        #expect(text.contains(": \n\n") && text.contains(#""reason":"time""#))
    }

    @Test func `a follower who leaves ends the tap`() async {
        let (ends, ended) = AsyncStream.makeStream(of: TapFeed.End.self)
        let feed = TapFeed { _, end in ended.yield(end) }
        do {
            let stream = feed.start(for: .seconds(600))
            Self.show(.push, at: 0, on: feed)
            for await _ in stream { break }
        }
        var iterator = ends.makeAsyncIterator()
        #expect(await iterator.next() == .gone)
        #expect(feed.isFinished)
    }
}

/// Lets taps in, and ends them at once.
private final class FakeTaps: TapService {
    let keys: APIKeys
    private let state = Mutex<(opened: [TapRequest], refused: [String])>(([], []))
    let isFull: Bool

    init(_ keys: [APIKey], isFull: Bool = false) {
        self.keys = APIKeys(keys)
        self.isFull = isFull
    }

    var opened: [TapRequest] { state.withLock { $0.opened } }
    var refused: [String] { state.withLock { $0.refused } }

    func unixSeconds() -> Int64 { 1_000 }

    func open(_ request: TapRequest, by actor: String, from peer: String) -> TapStream? {
        guard !isFull else { return nil }
        state.withLock { $0.opened.append(request) }
        let feed = TapFeed { _, _ in }
        let stream = feed.start(for: request.duration)
        if let entry = feed.entry(.begin, at: 0) { feed.show(entry) }
        feed.end(.time)
        return stream
    }

    func refused(_ denial: APIDenial, path: String, actor: String?, peer: String, status: Int) {
        state.withLock { $0.refused.append("\(denial) \(actor ?? "-") \(peer) \(status)") }
    }
}

@Suite("Taps on the side port", .timeLimit(.minutes(1))) struct TapRoutingTests {
    private static let keys = [
        APIKey(name: "desk", key: Array("desk-key".utf8), scopes: [.tap]),
        APIKey(name: "court", key: Array("court-key".utf8), scopes: [.tapBodies]),
        APIKey(name: "root", key: Array("root-key".utf8), scopes: [.all]),
        APIKey(name: "old", key: Array("old-key".utf8), scopes: [.tap], expiresAt: 1_000),
    ]

    @Test(arguments: [
        ("user=a", "", 401, "missing - 127.0.0.1 401"),
        ("user=a", "X-API-Key: nobody", 401, "unknown - 127.0.0.1 401"),
        ("user=a", "X-API-Key: old-key", 401, "expired old 127.0.0.1 401"),
        ("user=a", "X-API-Key: root-key", 403, "scope root 127.0.0.1 403"),
        ("user=a&bodies=yes", "X-API-Key: desk-key", 403, "scope desk 127.0.0.1 403"),
        ("nobody", "X-API-Key: root-key", 403, "scope root 127.0.0.1 403"),
        ("nobody", "X-API-Key: desk-key", 400, ""),
    ])
    func `nobody is let in without a key and its scope, and each refusal is told`(
        query: String, field: String, status: Int, told: String
    ) async throws {
        let taps = FakeTaps(Self.keys)
        let reply = try await withSidePort(taps: taps) { client in
            try await client.get("/tap?\(query)", field.isEmpty ? "Accept: */*" : field)
        }
        #expect(reply.status == status && reply.body.contains("\"error\""))
        #expect(taps.opened.isEmpty && taps.refused == (told.isEmpty ? [] : [told]))
        #expect((reply.header("WWW-Authenticate") != nil) == (status == 401))
    }

    @Test(arguments: [
        ("user=a", "Authorization: apikey desk-key"), ("user=a&bodies=no", "X-API-Key: desk-key"),
        ("channel=c&bodies=yes", "X-API-Key: court-key"), ("channel=c", "X-API-Key: court-key"),
    ])
    func `a key with the scope gets a stream of events`(query: String, field: String) async throws {
        let taps = FakeTaps(Self.keys)
        let reply = try await withSidePort(taps: taps) { try await $0.get("/tap?\(query)", field) }
        #expect(reply.status == 200 && reply.header("Content-Type") == "text/event-stream")
        #expect(reply.body.contains(#""type":"begin""#) && reply.body.contains(#""reason":"time""#))
        #expect(taps.opened.first?.showsBodies == query.contains("yes") && taps.opened.count == 1)
    }

    @Test func `there is no tap without keys, beyond the bound, by another method, or without a relay`()
        async throws
    {
        let key = "X-API-Key: desk-key"
        let off = try await withSidePort(taps: FakeTaps([])) { try await $0.get("/tap?user=a", key) }
        #expect(off.status == 404)
        let full = try await withSidePort(taps: FakeTaps(Self.keys, isFull: true)) {
            try await $0.get("/tap?user=a", key)
        }
        #expect(full.status == 503 && full.header("Retry-After") != nil)
        let head = try await withSidePort(taps: FakeTaps(Self.keys)) {
            try await $0.get("/tap?user=a", method: "HEAD", key)
        }
        #expect(head.status == 405 && head.header("Allow") == "GET")
        #expect(try await withSidePort { try await $0.get("/tap?user=a", key) }.status == 404)
    }
}
