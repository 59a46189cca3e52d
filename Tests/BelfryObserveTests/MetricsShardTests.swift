import Testing

@testable import BelfryObserve

@Suite("Metric shards")
struct MetricsShardTests {
    let registry = MetricRegistry.sample()

    @Test func `shards add up`() {
        let (one, two) = (registry.makeShard(), registry.makeShard())
        one.count(.framesReceived(.text))
        two.add(41, to: .framesReceived(.text))
        one.adjust(.connectionsOpen(.active), by: 5)
        two.adjust(.connectionsOpen(.active), by: -2)
        let snapshot = registry.snapshot()
        #expect(snapshot[.framesReceived(.text)] == 42)
        #expect(snapshot[.framesReceived(.binary)] == 0)
        #expect(snapshot[.connectionsOpen(.active)] == 3)
        #expect(snapshot.value("belfry_ws_frames_received_total", ["opcode": "text"]) == 42)
        #expect(snapshot.value("belfry_connections_open", ["stage": "active"]) == 3)
    }

    @Test func `a gauge of moments takes the latest shard`() {
        registry.makeShard().set(.journalLastVerified, to: 2_000_000_000)
        registry.makeShard().set(.journalLastVerified, to: 1_500_000_000)
        #expect(registry.snapshot().value("belfry_journal_last_verified_timestamp_seconds") == 2)
    }

    @Test func `a gauge may go below zero`() {
        registry.makeShard().set(.outboundQueueBytes, to: -7)
        #expect(registry.lines(.openMetrics).contains("belfry_outbound_queue_bytes -7"))
    }

    @Test(arguments: Buckets.allCases)
    func `a value falls into the first bucket that is not below it`(buckets: Buckets) {
        let shard = registry.makeShard()
        let first = Int(buckets.rawValue) * Buckets.width
        for (place, bound) in buckets.bounds.enumerated() {
            let isApart = place == 0 || buckets.bounds[place - 1] < bound - 1
            #expect(shard.bucket(of: bound - 1, from: first) == (isApart ? place : place - 1))
            #expect(shard.bucket(of: bound, from: first) == place)
            #expect(shard.bucket(of: bound + 1, from: first) == place + 1)
        }
        #expect(shard.bucket(of: 0, from: first) == 0)
        #expect(shard.bucket(of: .max - 1, from: first) == buckets.bounds.count)
        #expect(shard.bucket(of: .max, from: first) == buckets.bounds.count)
    }

    @Test func `a histogram counts, sums and accumulates`() {
        let shard = registry.makeShard()
        shard.observe(3, in: .fanoutRecipients)
        shard.observe(100_000, in: .fanoutRecipients, times: 2)
        let snapshot = registry.snapshot()
        #expect(snapshot.count(of: .fanoutRecipients) == 3)
        #expect(snapshot.sum(of: .fanoutRecipients) == 200_003)
        #expect(snapshot.value("belfry_fanout_recipients_bucket", ["le": "2.0"]) == 0)
        #expect(snapshot.value("belfry_fanout_recipients_bucket", ["le": "5.0"]) == 1)
        #expect(snapshot.value("belfry_fanout_recipients_bucket", ["le": "10000.0"]) == 1)
        #expect(snapshot.value("belfry_fanout_recipients_bucket", ["le": "+Inf"]) == 3)
    }

    @Test func `a histogram with a label keeps its series apart`() {
        let shard = registry.makeShard()
        shard.observe(1_500_000, in: .tlsHandshake(resumed: true))
        let snapshot = registry.snapshot()
        #expect(snapshot.value("belfry_tls_handshake_seconds_count", ["resumed": "yes"]) == 1)
        #expect(snapshot.value("belfry_tls_handshake_seconds_count", ["resumed": "no"]) == 0)
        #expect(snapshot.value("belfry_tls_handshake_seconds_sum", ["resumed": "yes"]) == 0.0015)
    }

    @Test func `two labels meet in the right cell`() {
        let shard = registry.makeShard()
        for by in ClosedBy.allCases {
            for reason in CloseReason.allCases {
                shard.add(
                    UInt64(by.rawValue) * 100 + UInt64(reason.rawValue) + 1,
                    to: .connectionsClosed(by, reason))
            }
        }
        for path in SidePortPath.allCases {
            shard.count(.sideportRequests(path))
            for method in APICallMethod.allCases { shard.count(.apiCalls(method, .failed)) }
        }
        shard.add(9, to: .ratelimitDecisions(.address, .dryRun))
        shard.add(8, to: .tlsHandshakes(.tls13, resumed: false))
        let snapshot = registry.snapshot()
        #expect(snapshot.value("belfry_connections_closed_total", ["by": "server", "reason": "slow"]) == 112)
        #expect(
            snapshot.value("belfry_connections_closed_total", ["by": "client", "reason": "internal"]) == 16)
        #expect(snapshot.total("belfry_sideport_requests_total") == Double(SidePortPath.allCases.count))
        let calls = snapshot.value("belfry_api_calls_total", ["method": "other", "result": "failed"])
        #expect(calls == Double(SidePortPath.allCases.count))
        #expect(snapshot.value("belfry_api_calls_total", ["method": "other", "result": "ok"]) == 0)
        #expect(
            snapshot.value("belfry_ratelimit_decisions_total", ["scope": "address", "decision": "dry_run"])
                == 9)
        #expect(snapshot.value("belfry_tls_handshakes_total", ["version": "1.3", "resumed": "no"]) == 8)
    }

    @Test func `an event outside the list counts as none of the listed`() {
        let shard = registry.makeShard()
        shard.count(.loggedEvents(at: 37))
        shard.count(.loggedEvents(at: -1))
        shard.count(.loggedEvents(at: .max))
        let snapshot = registry.snapshot()
        #expect(snapshot.value("belfry_logged_events_total", ["event": "event.38"]) == 1)
        #expect(snapshot.total("belfry_logged_events_total") == 1)
    }

    @Test func `many threads share a shard without losing a count`() async {
        let shared = registry.shared
        await withTaskGroup { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<1000 { shared.count(.authAttempts) } } }
        }
        #expect(registry.snapshot()[.authAttempts] == 8000)
    }

    @Test func `the laws of conservation hold at rest`() {
        let seed: UInt64 = 0xBE1F
        print("seed \(seed)")
        var random = SeededRandom(state: seed)
        let shards = [registry.makeShard(), registry.makeShard()]
        for _ in 0..<2000 {
            let shard = shards.randomElement(using: &random) ?? shards[0]
            shard.count(.listenerAccepts)
            switch UInt8.random(in: 0..<4, using: &random) {
            case 0:
                shard.count(.listenerRejects(AcceptRefusal.allCases.randomElement(using: &random) ?? .error))
            case 1: shard.adjust(.connectionsOpen(.active), by: 1)
            default:
                let reason = CloseReason.allCases.randomElement(using: &random) ?? .normal
                shard.count(.connectionsClosed(.client, reason))
            }
        }
        let snapshot = registry.snapshot()
        let accounted =
            snapshot.total("belfry_listener_rejects_total") + snapshot.total("belfry_connections_open")
            + snapshot.total("belfry_connections_closed_total")
        #expect(accounted == 2000 && snapshot[.listenerAccepts] == 2000)
    }
}
