import BelfryAnomaly
import BelfryAnomalyLab
import Testing

@Suite struct StateTests {
    /// A bank that has seen a few hours of one house.
    private func taught(_ shape: TrafficShape, ticks: Int) -> (bank: DetectorBank, house: House) {
        var house = House(shape, seed: 41)
        var bank = DetectorBank(seed: 1)
        for tick in 0..<ticks {
            let (counts, sketch) = house.tick(at: 32_400 + tick * 10)
            _ = bank.advance(counts, sketch, at: .at(tick * 10), time: 32_400 + tick * 10)
        }
        return (bank, house)
    }

    @Test func `a detector goes on after a restart as if there had been none`() throws {
        var random = RandomSource(seed: 42)
        var count = SeasonalCount()
        var series = SeriesDetector()
        var ratio = RatioShift()
        var tail = DriftingTailLimit()
        var gap = GapDetector()
        for tick in 0..<30_000 {
            let value = Double(random.poisson(30))
            if tick % 5_000 == 4_999 {
                count = try restored(count, into: SeasonalCount())
                series = try restored(series, into: SeriesDetector())
                ratio = try restored(ratio, into: RatioShift())
                tail = try restored(tail, into: DriftingTailLimit())
                gap = try restored(gap, into: GapDetector())
            }
            _ = count.observe(value, at: tick * 10, isFiring: tick % 700 < 20)
            _ = series.observe(value, at: tick * 10)
            _ = ratio.observe(successes: 1, trials: value, isFiring: false)
            tail.add(value)
            gap.note(Int(value), at: Double(tick))
        }
        var (again, seriesAgain) = (SeasonalCount(), SeriesDetector())
        var (ratioAgain, tailAgain, gapAgain) = (RatioShift(), DriftingTailLimit(), GapDetector())
        random = RandomSource(seed: 42)
        for tick in 0..<30_000 {
            let value = Double(random.poisson(30))
            _ = again.observe(value, at: tick * 10, isFiring: tick % 700 < 20)
            _ = seriesAgain.observe(value, at: tick * 10)
            _ = ratioAgain.observe(successes: 1, trials: value, isFiring: false)
            tailAgain.add(value)
            gapAgain.note(Int(value), at: Double(tick))
        }
        #expect(try StateWriter.save(count) == StateWriter.save(again))
        #expect(try StateWriter.save(series) == StateWriter.save(seriesAgain))
        #expect(try StateWriter.save(ratio) == StateWriter.save(ratioAgain))
        #expect(try StateWriter.save(tail) == StateWriter.save(tailAgain))
        #expect(try StateWriter.save(gap) == StateWriter.save(gapAgain))
    }

    @Test func `a counter of different keys is restored, exact or not`() throws {
        for size in [0, 5, 16, 17, 3_000] {
            var counter = DistinctCounter(precision: 8)
            var random = RandomSource(seed: 43)
            for _ in 0..<size { counter.add(random.bits()) }
            let copy = try restored(counter, into: DistinctCounter(precision: 8))
            #expect(copy.estimate == counter.estimate && copy.isExact == counter.isExact)
            #expect(try StateWriter.save(copy) == StateWriter.save(counter))
        }
    }

    @Test func `a bank's state is compact and is the same when saved again`() throws {
        let (bank, _) = taught(.office, ticks: 1_000)
        let state = try StateWriter.save(bank)
        #expect(state.count < 64_000)
        var fresh = DetectorBank(seed: 2)
        try StateReader.restore(&fresh, from: state)
        #expect(try StateWriter.save(fresh) == state)
    }

    @Test func `a state cut short, prolonged or changed in any byte is refused and changes nothing`() throws {
        let (bank, _) = taught(.office, ticks: 50)
        let state = try StateWriter.save(bank)
        var fresh = DetectorBank(seed: 2)
        let before = try StateWriter.save(fresh)
        for length in stride(from: 0, to: state.count, by: 37) {
            #expect(throws: StateError.self) {
                try StateReader.restore(&fresh, from: Array(state.prefix(length)))
            }
        }
        #expect(throws: StateError.self) { try StateReader.restore(&fresh, from: state + [0]) }
        for index in stride(from: 0, to: state.count, by: 41) {
            var changed = state
            changed[index] ^= 0x40
            #expect(throws: StateError.self) { try StateReader.restore(&fresh, from: changed) }
        }
        #expect(try StateWriter.save(fresh) == before)
    }

    @Test func `numbers that a detector could never have are refused even with a right checksum`() throws {
        let good = try StateWriter.save(MovingMoments(alpha: 0.1))
        let fields: [UInt64] = [
            Double.nan.bitPattern, Double.infinity.bitPattern, (-1.0).bitPattern, UInt64.max,
        ]
        for (position, bad) in [(1, fields[0]), (1, fields[1]), (2, fields[2]), (0, fields[3])] {
            var writer = StateWriter()
            for field in 0..<3 {
                var value: UInt64 = field == position ? bad : 0
                writer.visit(&value)
            }
            let state = writer.finished()
            #expect(state.count == good.count)
            var moments = MovingMoments(alpha: 0.1)
            #expect(throws: StateError.impossible) { try StateReader.restore(&moments, from: state) }
        }
    }

    @Test func `a state of another version is refused by its number`() throws {
        var state = try StateWriter.save(MovingMoments(alpha: 0.1))
        state[4] = 9
        var moments = MovingMoments(alpha: 0.1)
        #expect(throws: StateError.version(9)) { try StateReader.restore(&moments, from: state) }
    }
}
