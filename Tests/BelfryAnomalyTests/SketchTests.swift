import BelfryAnomaly
import BelfryAnomalyLab
import Testing

@Suite struct SketchTests {
    @Test func `a count is never too low and never too high by more than its error`() {
        var random = RandomSource(seed: 21)
        var sketch = HeavyHitters(capacity: 50)
        var truth: [UInt64: UInt64] = [:]
        for _ in 0..<100_000 {
            let key = UInt64(random.rank(of: 5_000))
            let weight = UInt64(1 + random.below(3))
            sketch.add(key, weight: weight)
            truth[key, default: 0] += weight
        }
        check(sketch, truth)
    }

    @Test func `merged sketches keep the promise of each`() {
        var random = RandomSource(seed: 22)
        var merged = HeavyHitters(capacity: 50)
        var truth: [UInt64: UInt64] = [:]
        for _ in 0..<8 {
            var sketch = HeavyHitters(capacity: 50)
            for _ in 0..<10_000 {
                let key = UInt64(random.rank(of: 2_000))
                sketch.add(key)
                truth[key, default: 0] += 1
            }
            merged.merge(sketch)
        }
        check(merged, truth)
    }

    private func check(_ sketch: HeavyHitters, _ truth: [UInt64: UInt64]) {
        #expect(sketch.total == truth.values.reduce(0, +))
        for entry in sketch.inSlots {
            let real = truth[entry.key] ?? 0
            #expect(entry.guaranteed <= real && real <= entry.count)
        }
        let present = Set(sketch.inSlots.map(\.key))
        for (key, count) in truth where count > sketch.total / 50 { #expect(present.contains(key)) }
        let top = truth.max { $0.value < $1.value }
        #expect(sketch.ranking.first?.key == top?.key)
    }

    @Test func `a million different keys leave a sketch as small as it was`() {
        var sketch = HeavyHitters(capacity: 128)
        for key in 0..<1_000_000 as Range<UInt64> { sketch.add(key &* 0x9E37_79B9_7F4A_7C15) }
        #expect(sketch.inSlots.count == 128)
        #expect(sketch.total == 1_000_000)
        #expect(sketch.evenness > 0.9)
    }

    @Test func `up to sixteen different keys are counted exactly`() {
        var counter = DistinctCounter(precision: 8)
        for round in 0..<3 {
            for key in 0..<16 as Range<UInt64> { counter.add(key) }
            #expect(counter.estimate == 16, "round \(round)")
        }
        #expect(counter.isExact)
    }

    @Test(arguments: [6, 8, 10, 12])
    func `an estimate is within five standard errors`(precision: Int) {
        var random = RandomSource(seed: 23)
        var counter = DistinctCounter(precision: precision)
        let error = 1.04 / Double(1 << precision).squareRoot()
        for count in 1...100_000 {
            counter.add(random.bits())
            guard count % 1_000 == 0 || count < 200 else { continue }
            #expect(abs(counter.estimate / Double(count) - 1) < 5 * error, "at \(count)")
        }
    }

    @Test func `merged counters are the counter of the union`() {
        var random = RandomSource(seed: 24)
        for size in [3, 12, 40, 5_000] {
            var (left, right, both) = (DistinctCounter(), DistinctCounter(), DistinctCounter())
            for index in 0..<size {
                let key = random.bits()
                if index % 3 != 0 { left.add(key) }
                if index % 3 != 1 { right.add(key) }
                both.add(key)
            }
            left.merge(right)
            #expect(left.estimate == both.estimate)
        }
    }

    @Test func `subjects are counted for each network, and the network with the most leads`() {
        var random = RandomSource(seed: 25)
        let subjects = (0..<60).map { _ in random.bits() }
        var (one, other) = (DistinctPerKey(capacity: 32), DistinctPerKey(capacity: 32))
        for _ in 0..<2_000 {
            one.add(UInt64(random.below(500)), with: random.bits())
            other.add(7_777, with: subjects[random.below(60)])
        }
        one.merge(other)
        let leader = one.ranking.first
        #expect(leader?.key == 7_777)
        #expect(abs((leader?.distinct ?? 0) - 60) < 20)
    }

    @Test func `a table of recent keys keeps the latest and never grows`() {
        var table = RecentTable<Int>(capacity: 1_024, empty: 0)
        var random = RandomSource(seed: 26)
        let mine = random.bits()
        for tick in 1...2_000 as ClosedRange<UInt32> {
            table.update(mine, at: tick) { $0 += 1 }
            for _ in 0..<50 { table.update(random.bits(), at: tick) { $0 += 1 } }
        }
        #expect(table.value(of: mine) == 2_000)
        #expect(table.capacity == 1_024)
    }

    @Test func `a sliding count forgets what is older than its time`() {
        var sliding = SlidingDistinct(parts: 3, ticksPerPart: 2)
        func seen(_ keys: Range<UInt64>) -> DistinctCounter {
            var counter = DistinctCounter(precision: SlidingDistinct.precision)
            for key in keys { counter.add(key &* 0x9E37_79B9_7F4A_7C15) }
            return counter
        }
        sliding.advance(seen(0..<5))
        sliding.advance(seen(3..<8))
        #expect(sliding.estimate == 8)
        for _ in 0..<4 { sliding.advance(seen(7..<9)) }
        #expect(sliding.estimate == 9)
        sliding.advance(seen(7..<9))
        #expect(sliding.estimate == 2)
    }
}
