import BelfryBytes
import BelfryLimits
import Testing

@Suite struct LimitStateTests {
    @Test func `a fresh budget allows exactly its burst at once`() {
        var state = LimitState()
        let admitted = (0..<10).count { _ in state.take(cost: 1, rule: onePerSecond, at: .at(0)).isAllowed }
        #expect(admitted == 3)
    }

    @Test(arguments: [
        (999 as Int64, LimitDecision.denied(retryAfter: .milliseconds(1))), (1_000, .allowed),
        (1_001, .allowed),
    ])
    func `a unit comes back after exactly one interval`(milliseconds: Int64, expected: LimitDecision) {
        var state = LimitState()
        for _ in 0..<3 { _ = state.take(cost: 1, rule: onePerSecond, at: .at(0)) }
        #expect(state.take(cost: 1, rule: onePerSecond, at: .at(milliseconds)) == expected)
    }

    @Test func `the announced wait is enough, and one nanosecond less is not`() {
        var state = LimitState()
        for _ in 0..<3 { _ = state.take(cost: 1, rule: onePerSecond, at: .at(0)) }
        let now = Instant.at(300)
        guard case .denied(let wait) = state.take(cost: 2, rule: onePerSecond, at: now) else {
            Issue.record("an empty budget allowed 2 units")
            return
        }
        #expect(wait == .milliseconds(1_700))
        var early = state
        #expect(!early.take(cost: 2, rule: onePerSecond, at: now + (wait - .nanoseconds(1))).isAllowed)
        #expect(state.take(cost: 2, rule: onePerSecond, at: now + wait).isAllowed)
    }

    @Test func `a refusal costs nothing`() {
        var state = LimitState()
        for _ in 0..<100 { _ = state.take(cost: 1, rule: onePerSecond, at: .at(0)) }
        #expect(state.take(cost: 1, rule: onePerSecond, at: .at(1_000)).isAllowed)
    }

    @Test func `a cost above the burst takes the whole burst and can be paid`() {
        var state = LimitState()
        #expect(state.take(cost: .max, rule: onePerSecond, at: .at(0)).isAllowed)
        #expect(state.take(cost: 1, rule: onePerSecond, at: .at(0)) == .denied(retryAfter: .seconds(1)))
    }

    @Test(arguments: [Int.min, -1, 0])
    func `a cost of nothing or less is free`(cost: Int) {
        var state = LimitState()
        for _ in 0..<5 { #expect(state.take(cost: cost, rule: onePerSecond, at: .at(0)).isAllowed) }
        #expect(state == LimitState() || state.take(cost: 3, rule: onePerSecond, at: .at(0)).isAllowed)
    }

    @Test func `a clock that stands still refills nothing`() {
        var state = LimitState()
        let admitted = (0..<100_000).count { _ in
            state.take(cost: 1, rule: onePerSecond, at: .at(5)).isAllowed
        }
        #expect(admitted == 3)
    }

    @Test func `after idle years there is one burst, not more`() {
        var state = LimitState()
        _ = state.take(cost: 3, rule: onePerSecond, at: Instant(nanoseconds: 1))
        let late = Instant(nanoseconds: 0) + .seconds(86_400 * 3_650)
        let admitted = (0..<100).count { _ in state.take(cost: 1, rule: onePerSecond, at: late).isAllowed }
        #expect(admitted == 3)
    }

    @Test func `a clock that falls back an hour blocks for one interval at most and gives no second burst`() {
        var state = LimitState()
        let now = Instant.at(0)
        for _ in 0..<3 { _ = state.take(cost: 1, rule: onePerSecond, at: now) }
        let back = now + .seconds(-3_600)
        #expect(state.take(cost: 1, rule: onePerSecond, at: back) == .denied(retryAfter: .seconds(1)))
    }

    @Test(arguments: [UInt64.max, UInt64.max - 1, UInt64.max - second])
    func `the end of the clock does not trap`(nanoseconds: UInt64) {
        var state = LimitState()
        let slowest = LimitRule(rate: Rate(1, per: .hour), burst: 1_000_000)
        for _ in 0..<3 {
            _ = state.take(cost: 1_000_000, rule: slowest, at: Instant(nanoseconds: nanoseconds))
        }
        _ = state.take(cost: 1, rule: slowest, at: Instant(nanoseconds: 0))
    }

    @Test(arguments: [
        (Rate(0, per: .second), 0), (Rate(-5, per: .hour), -1), (Rate(.max, per: .minute), Int.max),
        (Rate(.min, per: .second), .min),
    ])
    func `rates and bursts out of range are clamped, never trap`(rate: Rate, burst: Int) {
        var state = LimitState()
        #expect(state.take(cost: 1, rule: LimitRule(rate: rate, burst: burst), at: .at(0)).isAllowed)
    }

    @Test func `a stricter rule after a reload makes nobody wait longer than its own refill`() {
        var state = LimitState()
        let generous = LimitRule(rate: Rate(1, per: .hour), burst: 1_000)
        _ = state.take(cost: 1_000, rule: generous, at: .at(0))
        #expect(state.take(cost: 1, rule: onePerSecond, at: .at(0)) == .denied(retryAfter: .seconds(1)))
    }

    @Test func `a window rule forgives its burst evenly`() {
        var state = LimitState()
        let rule = LimitRule(burst: 10, window: .seconds(10))
        let first = (0..<20).count { _ in state.take(cost: 1, rule: rule, at: .at(0)).isAllowed }
        let later = (0..<20).count { _ in state.take(cost: 1, rule: rule, at: .at(4_000)).isAllowed }
        #expect((first, later) == (10, 4))
    }
}
