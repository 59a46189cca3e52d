import BelfryBytes
import BelfryLimits
import Testing

/// A token bucket written the plain way, in exact fractions of a unit: what GCRA must agree with.
private struct ReferenceBucket {
    let interval: UInt64
    let burst: UInt64
    /// Spent and not yet come back, in nanoseconds.
    private var debt: UInt64 = 0
    private var last: UInt64?

    init(interval: UInt64, burst: UInt64) {
        self.interval = interval
        self.burst = burst
    }

    mutating func take(_ cost: UInt64, at now: UInt64) -> Bool {
        if let last { debt -= min(debt, now - last) }
        last = now
        let price = min(cost, burst) * interval
        guard debt + price <= burst * interval else { return false }
        debt += price
        return true
    }
}

@Suite struct LimitTableTests {
    @Test func `each key has its own budget`() {
        var table = LimitTable(capacity: 1_024)
        for name in ["ann", "bob", "eve"] {
            let admitted = (0..<5).count { _ in
                table.take(cost: 1, key: keys.user(name), rule: onePerSecond, at: .at(0)).isAllowed
            }
            #expect(admitted == 3)
        }
    }

    @Test(arguments: 0..<8)
    func `it decides as a plain token bucket per key does`(run: Int) {
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix64(seed: seed)
        let perSecond = Int.random(in: 1...2_000, using: &random)
        let burst = Int.random(in: 1...50, using: &random)
        let rule = LimitRule(rate: Rate(perSecond, per: .second), burst: burst)
        let interval = (second + UInt64(perSecond) - 1) / UInt64(perSecond)
        var table = LimitTable(capacity: 1 << 16)
        var model: [Int: ReferenceBucket] = [:]
        var now: UInt64 = second
        for step in 0..<20_000 {
            now += random.next() % (random.next() % 50 == 0 ? 3 * second : 2 * interval / 100 + 1)
            let name = Int.random(in: 0..<100, using: &random)
            let cost = Int.random(in: 1...(burst + 1), using: &random)
            var bucket = model[name] ?? ReferenceBucket(interval: interval, burst: UInt64(burst))
            let expected = bucket.take(UInt64(cost), at: now)
            model[name] = bucket
            let decision = table.take(
                cost: cost, key: keys.user("user \(name)"), rule: rule, at: Instant(nanoseconds: now))
            guard decision.isAllowed == expected else {
                Issue.record("seed \(seed), step \(step): got \(decision), expected allowed: \(expected)")
                return
            }
        }
    }

    @Test func `a small relay has a small table, and a full one keeps to its capacity`() {
        var table = LimitTable(capacity: 1 << 14)
        #expect(table.slotCount == 1_024)
        for number: UInt64 in 1...200_000 {
            let key = keys.address(.ipv6(number))
            #expect(table.take(cost: 3, key: key, rule: onePerSecond, at: .at(0)).isAllowed)
        }
        #expect(table.slotCount == 1 << 14)
    }

    @Test func `budgets that are full again make room without growth`() {
        var table = LimitTable(capacity: 1 << 20)
        for number: UInt64 in 0..<100_000 {
            _ = table.take(
                cost: 1, key: keys.address(.ipv6(number)), rule: onePerSecond, at: .at(Int64(number) * 10))
        }
        #expect(table.slotCount == 1_024)  // about 100 of them are limited at a time
    }

    @Test func `growth forgets nobody who is limited`() {
        var table = LimitTable(capacity: 1 << 21)
        let names: [UInt64] = Array(0..<50_000)
        for name in names {
            _ = table.take(cost: 3, key: keys.address(.ipv6(name)), rule: onePerSecond, at: .at(0))
        }
        let forgotten = names.count { name in
            table.take(cost: 1, key: keys.address(.ipv6(name)), rule: onePerSecond, at: .at(0)).isAllowed
        }
        #expect(forgotten == 0)
        #expect(table.limitedCount(at: .at(0)) == 50_000)
    }

    @Test func `a full table forgets the least limited first`() {
        var table = LimitTable(capacity: 8)
        let rule = LimitRule(rate: Rate(1, per: .second), burst: 100)
        for number: UInt64 in 1...8 {  // number 1 is limited least, number 8 most
            _ = table.take(cost: Int(number) * 10, key: keys.address(.ipv6(number)), rule: rule, at: .at(0))
        }
        _ = table.take(cost: 99, key: keys.address(.ipv6(99)), rule: rule, at: .at(0))
        func room(_ number: UInt64) -> Bool {
            var copy = table
            return copy.take(cost: 100, key: keys.address(.ipv6(number)), rule: rule, at: .at(0)).isAllowed
        }
        #expect(room(1))
        #expect((2...8).allSatisfy { !room($0) })
    }

    @Test(arguments: [Int.min, -1, 0, 1, 8, 9, 1_023, 1_025])
    func `any capacity is usable`(capacity: Int) {
        var table = LimitTable(capacity: capacity)
        #expect(table.slotCount >= 8)
        #expect(table.take(cost: 3, key: keys.user("ann"), rule: onePerSecond, at: .at(0)).isAllowed)
        #expect(!table.take(cost: 1, key: keys.user("ann"), rule: onePerSecond, at: .at(0)).isAllowed)
    }
}
