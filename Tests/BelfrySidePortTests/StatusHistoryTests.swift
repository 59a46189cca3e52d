import BelfryObserve
import Testing

@testable import BelfrySidePort

@Suite("The last ten minutes") struct StatusHistoryTests {
    private static func counts(_ deliveries: UInt64) -> StatusCounts {
        var counts = StatusCounts()
        counts.deliveries = deliveries
        return counts
    }

    /// A second after the other, `rate` deliveries each.
    private static func history(seconds: ClosedRange<Int>, rate: UInt64 = 10) -> StatusHistory {
        var history = StatusHistory()
        for second in seconds {
            history.add(
                counts(rate * UInt64(second)), at: .seconds(second), unixSeconds: 1_000 + Double(second),
                connections: Int64(second))
        }
        return history
    }

    @Test func `nothing and one look have no rate`() {
        #expect(StatusHistory().span(.seconds(10)).rate(\.deliveries) == 0)
        let one = Self.history(seconds: 5...5)
        #expect(one.span(.seconds(10)).rate(\.deliveries) == 0 && one.points.isEmpty)
    }

    @Test(arguments: [(1, 1), (9, 9), (10, 10), (11, 10), (59, 10), (600, 10)])
    func `a rate over ten seconds takes ten seconds, or what there is`(last: Int, seconds: Int) {
        let span = Self.history(seconds: 0...last).span(.seconds(10))
        #expect(span.length == .seconds(seconds) && span.rate(\.deliveries) == 10)
        #expect(span.count(\.deliveries) == UInt64(10 * seconds))
    }

    @Test func `what came suddenly is in the short rate and thin in the long one`() {
        var history = Self.history(seconds: 0...60, rate: 0)
        history.add(Self.counts(600), at: .seconds(61), unixSeconds: 1_061, connections: 0)
        #expect(history.span(.seconds(10)).rate(\.deliveries) == 60)
        #expect(history.span(.seconds(60)).rate(\.deliveries) == 10)
    }

    @Test func `ticks that come a little early or late shift nothing`() {
        var history = StatusHistory()
        for tick in 0...120 {
            let jitter = tick % 3 == 0 ? -30 : 20
            history.add(
                Self.counts(UInt64(tick)), at: .milliseconds(1_000 * tick + jitter + 50), unixSeconds: 0,
                connections: 0)
        }
        #expect(abs(history.span(.seconds(10)).rate(\.deliveries) - 1) < 0.02)
        #expect(history.span(.seconds(60)).length > .seconds(59))
        #expect(history.points.count == 24)
    }

    @Test func `a look that is no later than the one before is none`() {
        var history = Self.history(seconds: 0...5)
        history.add(Self.counts(9_999), at: .seconds(5), unixSeconds: 0, connections: 0)
        history.add(Self.counts(9_999), at: .seconds(4), unixSeconds: 0, connections: 0)
        #expect(history.span(.seconds(10)).rate(\.deliveries) == 10)
    }

    @Test func `a pause is spread over its time`() {
        var history = Self.history(seconds: 0...10)
        history.add(Self.counts(200), at: .seconds(110), unixSeconds: 1_110, connections: 3)
        #expect(history.span(.seconds(10)).rate(\.deliveries) == 1)
        #expect(history.points.last?.deliveries == 1 && history.points.last?.time == 1_110)
    }

    @Test func `curves have a step each five seconds and end after ten minutes`() {
        let history = Self.history(seconds: 0...1_200)
        #expect(history.points.count == 120)
        #expect(history.points.map(\.time).first == 1_605 && history.points.last?.time == 2_200)
        #expect(history.points.last?.connections == 1_200)
        #expect(history.points.allSatisfy { $0.deliveries == 10 && $0.p50 == nil })
    }

    @Test func `a counter that is behind itself counts nothing`() {
        let span = StatusSpan(from: Self.counts(5), to: Self.counts(3), over: .seconds(1))
        #expect(span.count(\.deliveries) == 0 && span.rate(\.deliveries) == 0)
    }
}
