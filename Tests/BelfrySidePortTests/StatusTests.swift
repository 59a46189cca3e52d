import BelfryObserve
import Foundation
import NIOCore
import Synchronization
import Testing

@testable import BelfrySidePort

/// A registry whose counts are known, and the look that is taken of it.
enum StatusFixture {
    static func registry() -> MetricRegistry {
        let registry = MetricRegistry(
            build: BuildInfo(version: "1.2.3", commit: "abc", swift: "6", openssl: "3"),
            certificateNames: [], eventNames: [])
        registry.state = .serving
        return registry
    }

    static func facts(_ change: (inout StatusFacts) -> Void = { _ in }) -> StatusFacts {
        var facts = StatusFacts()
        facts.version = "1.2.3"
        facts.node = "tower"
        facts.unixSeconds = 1_700_000_000
        facts.health = HealthReport(loops: [.init(name: "loop-0", sinceLastTick: .milliseconds(250))])
        facts.certificates = [.init(name: "localhost", notAfter: 1_700_000_000 + 90 * 86_400)]
        change(&facts)
        return facts
    }

    static func report(
        _ registry: MetricRegistry = registry(), _ facts: StatusFacts = facts()
    ) throws -> StatusReport {
        let keeper = StatusKeeper(uid: "ab")
        keeper.take(registry.snapshot(), facts, at: .seconds(100))
        return try #require(keeper.report)
    }

    static func object(_ text: some StringProtocol) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }
}

@Suite("Status", .timeLimit(.minutes(1))) struct StatusTests {
    @Test func `before the first look there is none to be had`() async throws {
        try await withSidePort { client in
            let reply = try await client.get("/status")
            #expect(reply.status == 503 && reply.header("Retry-After") == "1")
        }
    }

    @Test func `it tells what was counted`() async throws {
        let registry = StatusFixture.registry()
        let source = FakeSource()
        source.keeper.take(registry.snapshot(), StatusFixture.facts(), at: .seconds(10))
        registry.shared.update { shard in
            shard.add(20, to: .listenerAccepts)
            shard.add(3, to: .connectionsClosed(.client, .normal))
            shard.add(1, to: .connectionsClosed(.server, .slow))
            shard.set(.connectionsOpen(.active), to: 15)
            shard.set(.connectionsOpen(.tls), to: 1)
            shard.set(.connectionsLimit, to: 100)
            shard.set(.users, to: 12)
            shard.add(50, to: .messagesReceived(.publish))
            shard.add(7, to: .messagesReceived(.subscribe))
            shard.add(200, to: .messagesDelivered)
            shard.observe(400_000, in: .delivery, times: 200)
            shard.add(4, to: .messagesRejected(.rateLimited))
            shard.add(2, to: .authFailures(.expired))
            shard.add(10, to: .messagesDropped(.closed))
        }
        source.keeper.take(registry.snapshot(), StatusFixture.facts(), at: .seconds(20))
        try await withSidePort(source) { client in
            let reply = try await client.get("/status")
            #expect(reply.status == 200 && reply.header("Content-Type") == "application/json")
            let status = try StatusFixture.object(reply.body)
            #expect(status["version"] as? String == "1.2.3" && status["node"] as? String == "tower")
            #expect(status["state"] as? String == "serving" && status["uptime"] as? Double == 20)
            #expect(status["time"] as? String == "2023-11-14T22:13:20Z")
            let connections = try #require(status["connections"] as? [String: Any])
            #expect(connections["open"] as? Int == 16 && connections["limit"] as? Int == 100)
            #expect((connections["stages"] as? [String: Int])?["active"] == 15)
            let traffic = try #require(status["traffic"] as? [String: [String: Double]])
            #expect(traffic["accepts"] == ["total": 20, "rate10s": 2, "rate60s": 2])
            #expect(traffic["publications"]?["rate10s"] == 5 && traffic["commands"]?["total"] == 57)
            #expect(traffic["deliveries"]?["rate10s"] == 20 && traffic["refusals"]?["total"] == 4)
            #expect(traffic["auth_failures"]?["total"] == 2 && traffic["drops"]?["total"] == 0)
            let closes = try #require(status["closes"] as? [[String: Any]])
            #expect(closes.map { $0["reason"] as? String } == ["normal", "slow"])
            #expect(closes.first?["total"] as? Int == 3 && closes.first?["last_minute"] as? Int == 3)
            let delivery = try #require(status["delivery"] as? [String: Double])
            #expect(delivery["count"] == 200 && delivery["p50"] == 0.000375)
            let history = try #require(status["history"] as? [String: Any])
            #expect((history["points"] as? [Any])?.count == 1 && history["step_seconds"] as? Int == 5)
            #expect(status["alerts"] == nil && status["store"] == nil)
        }
    }

    @Test func `a follower hears of each look, without the history`() async throws {
        let source = FakeSource()
        let registry = StatusFixture.registry()
        let looks = Mutex(0)
        let reply = try await withSidePort(source) { client in
            async let stream = client.get("/status/stream")
            try await eventually { source.keeper.feed.followerCount == 1 }
            for _ in 1...3 {
                let number = looks.withLock { looks in
                    looks += 1
                    return looks
                }
                source.keeper.take(registry.snapshot(), StatusFixture.facts(), at: .seconds(number))
            }
            source.keeper.feed.end()
            return try await stream
        }
        #expect(reply.status == 200 && reply.header("Content-Type") == "text/event-stream")
        #expect(reply.body.ranges(of: "event: status").count == 3)
        #expect(reply.body.contains("id: ab-3"))
        #expect(reply.body.contains("\"uptime\":3") && !reply.body.contains("\"history\""))
    }

    @Test func `without a follower nothing is written`() {
        let keeper = StatusKeeper(uid: "ab")
        let registry = StatusFixture.registry()
        for second in 1...5 {
            keeper.take(registry.snapshot(), StatusFixture.facts(), at: .seconds(second))
        }
        let follower = keeper.feed.follow(after: "ab-0")
        keeper.take(registry.snapshot(), StatusFixture.facts(), at: .seconds(6))
        keeper.feed.end()
        #expect(follower != nil && keeper.report?.uptime == 6)
    }

    @Test func `who comes back within half a minute misses nothing`() async throws {
        let keeper = StatusKeeper(uid: "ab")
        let registry = StatusFixture.registry()
        func look(_ second: Int) {
            keeper.take(registry.snapshot(), StatusFixture.facts(), at: .seconds(second))
        }
        do {
            var first = keeper.feed.follow(after: nil)?.makeAsyncIterator()
            look(1)
            _ = await first?.next()
            first = nil
        }
        try await eventually { keeper.feed.followerCount == 0 }
        for second in 2...5 { look(second) }
        let second = try #require(keeper.feed.follow(after: "ab-1"))
        keeper.feed.end()
        var text = ""
        for await part in second { text += String(buffer: part) }
        #expect(text.ranges(of: "event: status").count == 4 && !text.contains("event: gap"))
    }

    @Test func `the seventeenth follower is told to come back`() async throws {
        let source = FakeSource()
        try await withSidePort(source) { client in
            let request = "GET /status/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
            try await withThrowingTaskGroup(of: Void.self) { group in
                let (released, release) = AsyncStream.makeStream(of: Void.self)
                for _ in 0..<16 {
                    group.addTask {
                        try await client.hold(request) { for await _ in released {} }
                    }
                }
                try await eventually { source.keeper.feed.followerCount == 16 }
                let refused = try await client.get("/status/stream")
                #expect(refused.status == 503 && refused.header("Retry-After") == "1")
                #expect(try await client.get("/healthz").status == 200)
                release.finish()
                group.cancelAll()
                while !group.isEmpty { _ = try? await group.next() }
            }
        }
    }

    @Test func `heavy hitters come as JSON, and no more at a time than pages may`() async throws {
        let (entered, entry) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        let source = FakeSource(gate: {
            entry.yield()
            for await _ in released { break }
        })
        source.state.withLock {
            $0.top.tables = [
                .init(by: .network, .received, counts: ["192.0.2.0/24": 3, "198.51.100.0/24": 1])
            ]
            $0.top.tables[0].windowSeconds = 60
        }
        var limits = SidePortConfiguration.Limits()
        limits.concurrentPages = 1
        try await withSidePort(source, limits: limits) { client in
            async let slow = client.get("/top")
            for await _ in entered { break }
            #expect(try await client.get("/top").status == 503)
            release.finish()
            let reply = try await slow
            #expect(
                String(reply.body)
                    == #"{"tables":[{"by":"network","entries":[{"count":3,"error":0,"key":"192.0.2.0/24","share":0.75},"#
                    + #"{"count":1,"error":0,"key":"198.51.100.0/24","share":0.25}],"keys":2,"#
                    + #""measure":"messages.received","sampled":false,"total":4,"window_seconds":60}]}"#
                    + "\n")
        }
    }

    @Test func `a table has its ten greatest, equal ones in order, and the total of all`() {
        let counts = Dictionary(uniqueKeysWithValues: (0..<30).map { ("k\($0 + 10)", UInt64($0 / 2)) })
        let table = TopReport.Table(by: .user, .sent, counts: counts)
        #expect(table.entries.map(\.key).prefix(3) == ["k38", "k39", "k36"] && table.entries.count == 10)
        #expect(table.total == counts.values.reduce(0, +) && table.keys == 28)
    }
}
