import BelfryBytes
import Testing

@testable import BelfryAnomaly

@Suite struct RecentTrafficTests {
    private func tick(_ senders: [UInt64]) -> TrafficSketch {
        var sketch = TrafficSketch()
        for sender in senders { sketch.sent(by: sender, to: sender &+ 100, recipients: 3) }
        return sketch
    }

    @Test func `before the first tick there is nothing to tell`() {
        #expect(RecentTraffic().merged(\.senders) == nil && RecentTraffic().count == 0)
    }

    @Test func `six ticks are kept, and the oldest gives way`() throws {
        var recent = RecentTraffic()
        for number in 1...8 { recent.add(tick([UInt64(number), 9]), isSampled: number == 2) }
        let senders = try #require(recent.merged(\.senders))
        #expect(recent.count == 6 && !recent.isSampled)
        #expect(senders.total == 12)
        #expect(senders.ranking.map(\.key) == [9, 3, 4, 5, 6, 7, 8])
        #expect(try #require(recent.merged(\.deliveries)).total == 36)
    }

    @Test func `one sampled tick makes all counts estimates`() {
        var recent = RecentTraffic()
        recent.add(tick([1]), isSampled: true)
        recent.add(tick([1]), isSampled: false)
        #expect(recent.isSampled)
    }

    @Test(arguments: 0..<20)
    func `counts are never too low, and too high by the error at most`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var recent = RecentTraffic()
        var truth: [UInt64: UInt64] = [:]
        for _ in 0..<RecentTraffic.ticksMax {
            // More keys than a sketch has places for; a few of them send most.
            let senders = (0..<4_000).map { _ in UInt64(random.below(random.below(2) == 0 ? 8 : 1_000)) }
            for sender in senders { truth[sender, default: 0] += 1 }
            recent.add(tick(senders), isSampled: false)
        }
        let ranking = try #require(recent.merged(\.senders)).ranking
        for entry in ranking {
            let exact = truth[entry.key, default: 0]
            #expect(entry.count >= exact && entry.guaranteed <= exact)
        }
        #expect(Set(ranking.prefix(8).map(\.key)) == Set(0..<8))
    }
}
