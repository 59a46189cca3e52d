import BelfryBroker
import Testing

@Suite("History policy")
struct HistoryPolicyTests {
    @Test("size or time of zero means no history", arguments: [(0, 10), (-1, 10), (10, 0), (10, -1)])
    func off(size: Int, seconds: Int) { #expect(HistoryPolicy(size: size, ttl: .seconds(seconds)) == nil) }

    @Test func `epoch and top live at least as long as publications`() {
        #expect(HistoryPolicy(size: 1, ttl: .seconds(9), metaTTL: .seconds(3))?.metaTTL == .seconds(9))
    }

    @Test func `wall time saturates`() {
        #expect(WallTime(milliseconds: .max) + .seconds(1) == .distantFuture)
        #expect((WallTime(milliseconds: .min) + .seconds(-1)).milliseconds == .min)
    }
}
