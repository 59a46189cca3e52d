import BelfryBroker
import BelfryBytes
import BelfryProtocol
import Testing

/// Everything a table may be asked, against lists that are searched from end to end.
@Suite("Stream table against a model")
struct StreamTableModelTests {
    @Test("the table answers as the model does", arguments: 0..<40)
    func agrees(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var table = StreamTable(seed: seed)
        var model: [String: [(offset: UInt64, expiresAt: WallTime)]] = [:]
        var tops: [String: UInt64] = [:]
        var now = WallTime(milliseconds: 0)
        for step in 0..<400 {
            let channel = "c\(random.below(4))"
            let size = 1 + random.below(12)
            let policy = try #require(
                HistoryPolicy(size: size, ttl: .milliseconds(1 + random.below(60))))
            now = now + .milliseconds(random.below(8))
            switch random.below(10) {
            case 0: table.expire(now: now, limit: 1 + random.below(5))
            case 1:
                table.removeHistory(of: channel)
                model[channel] = []
            case 2, 3, 4:
                let since = UInt64(random.below(40))
                let isReverse = random.below(2) == 0
                let limit = random.below(14) - 1
                let page = table.history(
                    of: channel,
                    HistoryQuery(
                        since: StreamPosition(offset: since), limit: limit, isReverse: isReverse, maximum: 9),
                    policy: policy, now: now)
                // What is over goes from the oldest on: one that is over behind one that is not is still there.
                model[channel] = Array((model[channel] ?? []).drop { $0.expiresAt <= now })
                let all = (model[channel] ?? []).map(\.offset)
                let wanted = isReverse ? all.filter { $0 < since }.reversed() : all.filter { $0 > since }
                let count = limit < 0 ? 9 : min(limit, 9)
                #expect(
                    page.publications.map(\.offset) == Array(wanted.prefix(count)),
                    "seed \(seed) step \(step)")
                #expect(page.top.offset == tops[channel, default: 0])
            default:
                let result = table.append(
                    Publication(data: [1]), to: channel, options: PublishOptions(history: policy), now: now)
                let offset = tops[channel, default: 0] + 1
                tops[channel] = offset
                guard case .appended(let position) = result else { return #expect(Bool(false)) }
                #expect(position?.offset == offset)
                model[channel, default: []].append((offset, now + policy.ttl))
                model[channel] = Array((model[channel] ?? []).suffix(size))
            }
        }
        now = now + .seconds(1)
        while table.expire(now: now) > 0 {}
        #expect(table.publicationCount == 0)
        #expect(table.byteCount == 0)
    }
}
