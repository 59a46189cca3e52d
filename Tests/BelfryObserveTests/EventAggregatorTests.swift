import BelfryBytes
import Testing

@testable import BelfryObserve

@Suite struct EventAggregatorTests {
    private func rejected(_ address: String, _ reason: String = "per_source") -> Event {
        .connRejected(peerAddress: address, reason: reason, limit: 1, current: 1)
    }

    private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: UInt64(seconds * 1e9)) }

    @Test func `the first event of a flood passes at once, the rest become one entry`() {
        var aggregator = EventAggregator()
        #expect(aggregator.admit(rejected("a"), at: at(0))?.count == 1)
        for step in 1...99 { #expect(aggregator.admit(rejected("a"), at: at(Double(step) / 100)) == nil) }
        #expect(aggregator.expire(at: at(9.999)).isEmpty)
        #expect(aggregator.expire(at: at(10)).map(\.count) == [99])
        // The window after it is open; nothing came, so nothing is said and nothing is kept.
        #expect(aggregator.expire(at: at(20)).isEmpty)
        #expect(aggregator.trackedCount == 0)
        #expect(aggregator.nextDeadline == nil)
    }

    @Test func `a lasting flood costs one entry a window`() {
        var aggregator = EventAggregator()
        var entries = 0
        var total: UInt64 = 0
        for step in 0..<1000 {
            let now = at(Double(step) / 10)
            for event in aggregator.expire(at: now)
                + [aggregator.admit(rejected("a"), at: now)].compactMap({ $0 })
            {
                entries += 1
                total += event.count
            }
        }
        total += aggregator.flush().reduce(0) { $0 + $1.count }
        #expect(total == 1000)
        #expect(entries == 10)
    }

    @Test func `source, reason and claimed subject are told apart`() {
        var aggregator = EventAggregator()
        let peer = EventEncoderTests.connection
        #expect(aggregator.admit(rejected("a"), at: at(0)) != nil)
        #expect(aggregator.admit(rejected("b"), at: at(0)) != nil)
        #expect(aggregator.admit(rejected("a", "overload"), at: at(0)) != nil)
        for subject in ["s1", "s2"] {
            let failure = Event.authFailure(peer, reason: "expired", claimed: ClaimedToken(subject: subject))
            #expect(aggregator.admit(failure, at: at(0)) != nil)
            #expect(aggregator.admit(failure, at: at(0)) == nil)
        }
    }

    @Test func `an event that stands for several counts as several`() {
        var aggregator = EventAggregator()
        #expect(
            aggregator.admit(.messageDropped(reason: "slow", count: 5, roomHash: nil), at: at(0))?.count == 5)
        #expect(aggregator.admit(.messageDropped(reason: "slow", count: 7, roomHash: nil), at: at(1)) == nil)
        #expect(aggregator.flush().map(\.count) == [7])
    }

    @Test func `events that are not aggregated pass untouched`() {
        var aggregator = EventAggregator()
        for _ in 0..<3 { #expect(aggregator.admit(.tlsTicketsRotated(generation: 1), at: at(0)) != nil) }
        #expect(aggregator.trackedCount == 0)
    }

    @Test(arguments: [1, 2, 1024])
    func `beyond its capacity all sources share one bucket, and none is lost`(capacity: Int) {
        var aggregator = EventAggregator(capacity: capacity)
        var passed: [Event] = []
        for number in 0..<5000 {
            passed += [aggregator.admit(rejected("10.\(number)"), at: at(0))].compactMap { $0 }
        }
        #expect(aggregator.trackedCount == capacity + 1)
        // Each source of its own, and the first of the many.
        #expect(passed.count == capacity + 1)
        #expect(passed.last?[.peerAddr] == .text("many"))
        let rest = aggregator.flush()
        #expect(rest.map(\.count) == [UInt64(5000 - capacity - 1)])
        #expect(rest.first?[.peerAddr] == .text("many"))
    }

    @Test func `the bucket of the many names no single source`() {
        var aggregator = EventAggregator(capacity: 0)
        let event = Event.tlsHandshakeFailed(
            EventEncoderTests.connection, reason: "r", sslError: nil, alert: nil, offeredMaximum: nil,
            serverName: "one.example.com")
        let first = aggregator.admit(event, at: at(0))
        #expect(first?.connection == nil)
        #expect(first?[.sni] == nil)
        #expect(first?[.reason] == .text("r"))
    }

    @Test func `a window nobody ended is ended by the next event`() {
        var aggregator = EventAggregator()
        _ = aggregator.admit(rejected("a"), at: at(0))
        _ = aggregator.admit(rejected("a"), at: at(1))
        #expect(aggregator.admit(rejected("a"), at: at(50))?.count == 2)
        #expect(aggregator.flush().isEmpty)
    }

    @Test func `windows end in the order in which they began`() {
        var aggregator = EventAggregator()
        for name in ["c", "a", "b"] {
            _ = aggregator.admit(rejected(name), at: at(0))
            _ = aggregator.admit(rejected(name), at: at(0))
        }
        #expect(aggregator.expire(at: at(10)).map { $0[.peerAddr] } == [.text("c"), .text("a"), .text("b")])
    }
}
