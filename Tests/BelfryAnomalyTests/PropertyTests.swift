import BelfryAnomaly
import BelfryAnomalyLab
import Testing

/// What holds for every detector, whatever the numbers.
@Suite struct PropertyTests {
    private static let awkward: [Double] = [
        0, -0.0, 1, -1, 1e300, -1e300, 1e-300, .infinity, -.infinity, .nan, .greatestFiniteMagnitude,
    ]

    @Test func `no number makes a detector say infinity or nothing`() {
        var random = RandomSource(seed: 31)
        var count = SeasonalCount()
        var series = SeriesDetector()
        var shift = ShiftDetector()
        var ratio = RatioShift()
        var tail = DriftingTailLimit()
        for tick in 0..<20_000 {
            let value =
                random.below(3) == 0 ? Self.awkward[random.below(Self.awkward.count)] : random.normal()
            let verdict = count.observe(value, at: tick * 10, isFiring: random.below(5) == 0)
            let news = series.observe(value, at: tick * 10)
            shift.add(value)
            let reading = ratio.observe(successes: value, trials: -value, isFiring: false)
            tail.add(value)
            #expect(verdict.score.isFinite && verdict.expected.isFinite)
            #expect(news.strength.isFinite && news.news.isFinite && news.shift.isFinite)
            #expect(shift.up.isFinite && reading.score.isFinite && tail.expected.isFinite)
        }
    }

    @Test func `the further a count is from expected, the greater its score`() {
        var random = RandomSource(seed: 32)
        var detector = SeasonalCount()
        for tick in 0..<9_000 {
            _ = detector.observe(Double(random.poisson(40)), at: tick * 10, isFiring: false)
        }
        let scores = stride(from: 0, through: 400, by: 5).map { count in
            var copy = detector
            return copy.observe(Double(count), at: 90_000, isFiring: false).score
        }
        #expect(zip(scores, scores.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func `the further a value is from usual, the stronger the series detector's word`() {
        var random = RandomSource(seed: 33)
        var detector = SeriesDetector()
        for tick in 0..<2_000 { _ = detector.observe(10 + random.normal(), at: tick * 10) }
        let strengths = stride(from: 12.0, through: 60, by: 1).map { value in
            var copy = detector
            return copy.observe(value, at: 20_000).strength
        }
        #expect(zip(strengths, strengths.dropFirst()).allSatisfy { $0 <= $1 })
    }

    @Test func `the more failures of as many trials, the greater the score of a ratio`() {
        var detector = RatioShift()
        for _ in 0..<1_000 { _ = detector.observe(successes: 1, trials: 100, isFiring: false) }
        let scores = (0...100).map { failures in
            var copy = detector
            return copy.observe(successes: Double(failures), trials: 100, isFiring: false).score
        }
        #expect(zip(scores, scores.dropFirst()).allSatisfy { $0 <= $1 })
        #expect((scores.last ?? 0) > (scores.first ?? 0))
    }

    @Test func `the unit of a series does not matter`() {
        var random = RandomSource(seed: 34)
        var (seconds, microseconds) = (SeriesDetector(), SeriesDetector())
        for tick in 0..<20_000 {
            let value = random.gamma(shape: 8) * (tick % 3_000 < 10 ? 9 : 1)
            let one = seconds.observe(value, at: tick * 10)
            // A power of two leaves no trace of rounding.
            let other = microseconds.observe(value * 1_048_576, at: tick * 10)
            #expect(one == other)
        }
    }

    @Test func `nothing fires while a detector warms up`() {
        var detector = SeasonalCount()
        for tick in 0..<360 {
            #expect(detector.observe(tick == 200 ? 1e6 : 5, at: tick * 10, isFiring: false).isLearning)
        }
        var ratio = RatioShift()
        for _ in 0..<360 { #expect(!ratio.observe(successes: 90, trials: 100, isFiring: false).fires) }
    }

    @Test func `one outlier pulls by a few deviations, however large it is`() {
        var (calm, hit) = (MovingMoments(alpha: 0.01), MovingMoments(alpha: 0.01))
        var random = RandomSource(seed: 35)
        for _ in 0..<1_000 {
            let value = random.normal()
            calm.learn(value, limit: 4)
            hit.learn(value, limit: 4)
        }
        hit.learn(1e12, limit: 4)
        #expect(hit.mean - calm.mean < 0.05)
    }

    @Test func `what fires is not learnt until patience ends, and then it is`() {
        var random = RandomSource(seed: 36)
        var detector = SeasonalCount(patience: 360)
        for tick in 0..<8_640 * 2 {
            _ = detector.observe(Double(random.poisson(20)), at: tick * 10, isFiring: false)
        }
        var expected: [Double] = []
        for tick in 0..<8_640 {
            let count = Double(random.poisson(60))
            expected.append(detector.observe(count, at: 172_800 + tick * 10, isFiring: true).expected)
        }
        #expect(expected[..<355].allSatisfy { $0 < 24 })
        #expect(expected[8_000...].allSatisfy { $0 > 45 })
    }

    @Test func `silence surprises more the more often something came`() {
        var (busy, rare) = (GapDetector(), GapDetector())
        for event in 0..<500 {
            busy.note(1, at: Double(event) * 2)
            rare.note(1, at: Double(event) * 60)
        }
        #expect(busy.judge(at: 998 + 120).fires)
        #expect(!rare.judge(at: 29_940 + 120).fires)
        #expect(rare.judge(at: 29_940 + 1_300).fires)
        #expect(!rare.judge(at: 29_940 + 1_300, share: 0.1).fires)
    }
}
