import BelfryObserve
import NIOCore
import Synchronization
import Testing

@testable import BelfrySidePort

@Suite("Server-sent events") struct EventFeedTests {
    /// What a follower gets until the feed ends.
    private static func text(_ stream: AsyncStream<ByteBuffer>?) async throws -> String {
        var all = ""
        for await part in try #require(stream) { all += String(buffer: part) }
        return all
    }

    @Test func `a follower gets what is published after it came, with ids that ascend`() async throws {
        let feed = EventFeed(.alerts, uid: "ab")
        feed.publish("firing", "1")
        let follower = feed.follow(after: nil)
        feed.publish("firing", "2")
        feed.beat()
        feed.publish("resolved", "3\r\nevent: forged")
        feed.end()
        #expect(
            try await Self.text(follower) == "retry: 3000\n\nid: ab-2\nevent: firing\ndata: 2\n\n: \n\n"
                + "id: ab-3\nevent: resolved\ndata: 3event: forged\n\n")
    }

    @Test(arguments: [
        ("ab-1", "2 3"), ("ab-3", ""), ("ab-0", "1 2 3"), ("ab-4", "gap"), ("cd-1", "gap"), ("x", "gap"),
        ("ab-99999999999999999999", "gap"), ("", ""),
    ])
    func `who comes back gets what it missed, or is told that it is gone`(id: String, missed: String)
        async throws
    {
        let feed = EventFeed(.alerts, uid: "ab")
        for number in 1...3 { feed.publish("e", "\(number)") }
        let follower = feed.follow(after: id)
        feed.end()
        let text = try await Self.text(follower)
        let seen = text.matches(of: /data: (\d)/).map { String($0.1) }.joined(separator: " ")
        #expect(missed == "gap" ? text.contains("event: gap") && seen.isEmpty : seen == missed)
    }

    @Test func `what has left the ring is a gap`() async throws {
        var limits = EventFeed.Limits()
        limits.ringCount = 2
        let feed = EventFeed(.alerts, uid: "ab", limits: limits)
        for number in 1...4 { feed.publish("e", "\(number)") }
        let early = feed.follow(after: "ab-1")
        let late = feed.follow(after: "ab-2")
        feed.end()
        #expect(try await Self.text(early).contains("event: gap"))
        #expect(try await Self.text(late).contains("data: 3\n\nid: ab-4"))
    }

    @Test func `a follower that takes nothing is cut, and the others notice nothing`() async throws {
        var limits = EventFeed.Limits()
        limits.waiting = 4
        let cut = Mutex(0)
        let feed = EventFeed(.alerts, uid: "ab", limits: limits) { _ in cut.withLock { $0 += 1 } }
        let slow = feed.follow(after: nil)
        for number in 1...4 { feed.publish("e", "\(number)") }
        #expect(feed.followerCount == 1)
        let quick = feed.follow(after: nil)
        feed.publish("e", "5")
        #expect(cut.withLock { $0 } == 1 && feed.followerCount == 1)
        feed.end()
        #expect(try await Self.text(slow).contains("data: 4") == true)
        #expect(try await Self.text(quick).contains("data: 5") == true)
    }

    @Test func `there are no more followers than may be`() {
        var limits = EventFeed.Limits()
        limits.followers = 1
        let feed = EventFeed(.alerts, uid: "ab", limits: limits)
        let first = feed.follow(after: nil)
        #expect(feed.follow(after: nil) == nil)
        withExtendedLifetime(first) {}
    }
}
