import BelfryAnomaly
import BelfryAnomalyLab
import Testing

/// Each detector against the plainest way to compute the same, on 100,000 random values.
@Suite struct ReferenceTests {
    private let count = 100_000

    @Test func `moving moments are weighted means over the whole history`() {
        var random = RandomSource(seed: 1)
        var moments = MovingMoments(alpha: 0.05)
        var history: [Double] = []
        for index in 1...count {
            history.append(random.normal() * 3 + 7)
            moments.learn(history[index - 1])
            guard index % 97 == 0 else { continue }
            let (mean, variance) = weighted(history, alpha: 0.05)
            #expect(isClose(moments.mean, mean) && isClose(moments.variance, variance), "at \(index)")
        }
    }

    /// The weight of a value is its own when it came, times what each later one has left of it.
    private func weighted(_ history: [Double], alpha: Double) -> (mean: Double, variance: Double) {
        var weights: [(weight: Double, value: Double)] = []
        var left = 1.0
        for index in stride(from: history.count, through: 1, by: -1) where left > 1e-18 {
            let weight = max(alpha, 1 / Double(index))
            weights.append((left * weight, history[index - 1]))
            left *= 1 - weight
        }
        let mean = weights.reduce(0) { $0 + $1.weight * $1.value }
        return (mean, weights.reduce(0) { $0 + $1.weight * ($1.value - mean) * ($1.value - mean) })
    }

    @Test func `a shift is the greatest sum over any run of last ticks`() {
        var random = RandomSource(seed: 2)
        var shift = ShiftDetector(slack: 0.75, limit: 1_000, cap: 3)
        var history: [Double] = []
        for index in 1...count {
            history.append(random.normal() + (index % 5_000 > 4_900 ? 1 : 0))
            shift.add(history[index - 1])
            guard index % 53 == 0 else { continue }
            var (sum, best) = (0.0, 0.0)
            for value in history.suffix(2_000).reversed() {
                sum += max(-3, min(3, value)) - 0.75
                best = max(best, sum)
            }
            #expect(isClose(shift.up, best), "at \(index)")
        }
    }

    @Test func `a Wilson bound is the ratio from which what was seen is z deviations away`() {
        var random = RandomSource(seed: 3)
        for _ in 0..<count {
            let trials = Double(1 + random.below(1_000))
            let successes = Double(random.below(Int(trials) + 1))
            let z = 0.5 + 5 * random.uniform()
            let bound = WilsonBound.interval(successes: successes, trials: trials, z: z)
            var (low, high) = (0.0, successes / trials)
            for _ in 0..<60 {
                let middle = (low + high) / 2
                let deviation = z * (middle * (1 - middle) / trials).squareRoot()
                if successes / trials - middle > deviation { low = middle } else { high = middle }
            }
            #expect(abs(bound.lower - low) < 1e-9)
            #expect(bound.lower <= successes / trials && successes / trials <= bound.upper)
        }
    }

    @Test func `a ratio shift compares the last ticks with all before`() {
        var random = RandomSource(seed: 4)
        var tuning = RatioShift.Tuning()
        tuning.alpha = 0.01
        tuning.warmUp = 0
        var detector = RatioShift(tuning)
        var history: [(hits: Double, trials: Double)] = []
        for index in 1...count {
            let trials = random.poisson(20)
            history.append((Double(random.below(trials / 4 + 1)), Double(trials)))
            let usual = detector.usual
            let last = history[index - 1]
            let reading = detector.observe(successes: last.hits, trials: last.trials, isFiring: false)
            guard index % 101 == 0 else { continue }
            let window = history.suffix(6).reduce((0.0, 0.0)) { ($0.0 + $1.hits, $0.1 + $1.trials) }
            let bound = WilsonBound.interval(successes: window.0, trials: window.1, z: 4).lower
            let level = min(max(usual * 2, usual + 0.05), usual + 0.4 * (1 - usual))
            #expect(isClose(reading.score, window.1 >= 20 ? bound / level : 0))
            let hits = weighted(history.map(\.hits), alpha: 0.01).mean
            let trialMean = weighted(history.map(\.trials), alpha: 0.01).mean
            #expect(isClose(detector.usual, hits / trialMean))
        }
    }

    @Test func `a gap is measured against the mean of those before`() {
        var random = RandomSource(seed: 5)
        var detector = GapDetector(alpha: 0.02)
        var gaps: [Double] = []
        var now = 0.0
        detector.note(1, at: now)
        for index in 1...count {
            let gap = -RealMath.log(1 - random.uniform()) * 12
            now += gap
            gaps.append(gap)
            detector.note(1, at: now)
            guard index % 97 == 0 else { continue }
            // The first gap is the second event, so its weight is a half of nothing known.
            var mean = 0.0
            for (number, gap) in gaps.enumerated() {
                mean += max(0.02, 1 / Double(number + 2)) * (gap - mean)
            }
            #expect(isClose(detector.usualGap, mean))
            let reading = detector.judge(at: now + 500)
            #expect(isClose(reading.score, 500 / mean))
        }
    }

    @Test func `one burst in a quiet house makes no later silence long`() {
        var detector = GapDetector(surprise: 40, floor: 60)
        for number in 0..<200 { detector.note(1, at: Double(number) * 100) }
        detector.note(500, at: 20_000)
        #expect(!detector.judge(at: 20_300).holds)
        #expect(detector.judge(at: 30_000).fires)
    }

    @Test func `the evenness is the entropy of the counts`() {
        var random = RandomSource(seed: 6)
        var sketch = HeavyHitters(capacity: 64)
        var counts: [UInt64: Double] = [:]
        for index in 1...count {
            let key = UInt64(random.rank(of: 60))
            sketch.add(key)
            counts[key, default: 0] += 1
            guard index % 997 == 0 else { continue }
            let total = Double(index)
            let entropy = counts.values.reduce(0) { $0 - $1 / total * RealMath.log($1 / total) }
            #expect(isClose(sketch.evenness, entropy / RealMath.log(total)))
        }
    }
}
