import Testing

@testable import BelfryBench

@Suite("Plans and targets of a bench")
struct BenchPlanTests {
    @Test(
        "a wss URL names host, port and path",
        arguments: [
            ("wss://relay.example:8443/connection/websocket", "relay.example", 8443, "/connection/websocket"),
            ("wss://relay.example", "relay.example", 443, "/"), ("WSS://[::1]:9/x?y=1", "::1", 9, "/x?y=1"),
            ("wss://[::1]/", "::1", 443, "/"), ("wss://127.0.0.1:65535/", "127.0.0.1", 65_535, "/"),
        ] as [(String, String, UInt16, String)])
    func target(url: String, host: String, port: UInt16, path: String) throws {
        let target = try BenchTarget(parsing: url)
        #expect(target.host == host)
        #expect(target.port == port)
        #expect(target.path == path)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "ws://relay", "https://relay/", "wss://", "wss://:8443/", "wss://relay:0/",
            "wss://relay:65536/",
            "wss://relay:x/", "wss://user@relay/", "wss://::1/", "wss://[relay]/", "wss://relay/ x",
            "wss://relay/\r\nHost: evil", "wss://relay/#part",
            "wss://relay/" + String(repeating: "x", count: 1_024),
        ])
    func noTarget(url: String) {
        #expect(throws: BenchRefusal.self) { try BenchTarget(parsing: url) }
    }

    @Test(
        "numbers outside their range are refused",
        arguments: [
            { $0.connections = 0 }, { $0.connections = 28_001 }, { $0.rooms = 0 }, { $0.rooms = 101 },
            { $0.rate = 0 }, { $0.rate = 1_000_001 }, { $0.rate = .max }, { $0.size = 63 },
            { $0.size = 60_001 },
            { $0.duration = .seconds(0) }, { $0.duration = .seconds(3_601) },
            {
                $0.rate = 1_000_000
                $0.duration = .seconds(1_001)
            },
            { $0.channelPrefix = "a\"b" }, { $0.channelPrefix = "a\\" }, { $0.channelPrefix = "ü" },
            { $0.channelPrefix = String(repeating: "x", count: 65) }, { $0.tokens = [""] },
            { $0.tokens = ["a.b.c", "a\"b"] },
        ] as [@Sendable (inout BenchPlan) -> Void])
    func refused(change: @Sendable (inout BenchPlan) -> Void) throws {
        var plan = BenchPlan(target: try BenchTarget(parsing: "wss://relay/"))
        try plan.check()
        change(&plan)
        #expect(throws: BenchRefusal.self) { try plan.check() }
    }
}
