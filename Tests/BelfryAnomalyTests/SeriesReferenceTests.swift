import BelfryAnomaly
import BelfryAnomalyLab
import Testing

/// The detectors with more than one part, written down again without any structure.
@Suite struct SeriesReferenceTests {
    /// Exponential moments with a clamp, as one would write them in a notebook.
    private struct Moments {
        var mean = 0.0
        var variance = 0.0
        var count = 0.0

        func score(_ value: Double, _ floor: Double) -> Double {
            count == 0 ? 0 : (value - mean) / max(variance.squareRoot(), floor)
        }

        mutating func learn(_ value: Double, _ floor: Double) {
            count += 1
            if count == 1 { return mean = value }
            let reach = 6 * max(variance.squareRoot(), floor)
            let difference = count > 20 ? max(-reach, min(reach, value - mean)) : value - mean
            let weight = max(0.001, 1 / count)
            mean += weight * difference
            variance = (1 - weight) * (variance + weight * difference * difference)
        }
    }

    /// The news of each value.
    private func reference(_ values: [Double], _ times: [Int]) -> [Double] {
        var (scale, level, quick, energy, previous, peak) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        var (levelError, profileError) = (0.0, 0.0)
        var profile: [Int: Double] = [:]
        var (first, second, third) = (Moments(), Moments(), Moments())
        return zip(values, times).enumerated().map { index, pair in
            let count = Double(index + 1)
            scale += max(0.002, 1 / count) * (abs(pair.0) - scale)
            let ratio = scale > 0 ? pair.0 / scale / 1.5 : 0
            let sign: Double = ratio < 0 ? -1 : 1
            let bent = sign * RealMath.log(abs(ratio) + (ratio * ratio + 1).squareRoot()) * 1.5
            if index == 0 { (level, previous) = (bent, bent) }
            let slot = pair.1 % 86_400 / 1_800
            var residual = bent - level
            if let usual = profile[slot] {
                if profileError < 0.75 * levelError { residual = bent - usual }
                levelError += 0.002 * ((bent - level) * (bent - level) - levelError)
                profileError += 0.002 * ((bent - usual) * (bent - usual) - profileError)
                profile[slot] = usual + 0.03 * (bent - usual)
            } else {
                profile[slot] = bent
            }
            level += max(0.001, 1 / count) * (bent - level)
            quick += 0.04 * (residual - quick)
            energy += 0.05 * (min((bent - previous) * (bent - previous), 100) - energy)
            previous = bent
            let restless = RealMath.log(energy + 0.013 * 0.013)
            let one = min(abs(first.score(residual, 0.013)), 5)
            let two = second.score(quick, 0.0065)
            let three = max(0, third.score(restless, 0.2))
            first.learn(residual, 0.013)
            second.learn(quick, 0.0065)
            third.learn(restless, 0.2)
            let trust = count < 190 ? count / 190 / 2 : 1
            let strength = min((one * one + two * two + 0.5 * three * three).squareRoot(), 1_000) * trust
            let news = strength > peak ? strength - 0.55 * peak : 0
            peak = max(strength, peak * (1 - 0.009))
            return news
        }
    }

    @Test func `the series detector is what its description says`() {
        var random = RandomSource(seed: 11)
        var (values, times): ([Double], [Int]) = ([], [])
        for index in 0..<100_000 {
            let daily = RealMath.exp(TrafficShape.office.load(at: index * 60))
            values.append(daily * random.gamma(shape: 10) * (index % 7_000 < 20 ? 6 : 1) - 0.2)
            times.append(index * 60)
        }
        let expected = reference(values, times)
        var detector = SeriesDetector()
        for index in values.indices {
            let news = detector.observe(values[index], at: times[index]).news
            guard isClose(news, expected[index]) else {
                Issue.record("\(news) is not \(expected[index]) at \(index)")
                return
            }
        }
    }

    @Test func `the seasonal count is what its description says`() {
        var random = RandomSource(seed: 12)
        var detector = SeasonalCount()
        var slots: [Int: (level: Double, seen: Double)] = [:]
        var (plain, offset, quick, excess, volume) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for tick in 0..<100_000 {
            let time = tick * 10
            let count = Double(
                random.poisson(200 * TrafficShape.office.load(at: time) * random.gamma(shape: 20)))
            let value = 2 * (count + 0.375).squareRoot()
            let slot = time / 86_400 % 7 / 2 == 1 ? 48 : 0
            let half = time % 86_400 / 1_800
            let part = Double(time % 1_800) / 1_800 - 0.5
            let here = slots[slot + half] ?? (0, 0)
            let there = slots[slot + (half + (part < 0 ? 47 : 1)) % 48] ?? (0, 0)
            let seasonal: Double? =
                here.seen < 30
                ? nil : there.seen < 30 ? here.level : here.level + (there.level - here.level) * abs(part)
            let base = tick == 0 ? value : seasonal.map { $0 + offset } ?? plain
            let expected = max(0, base * base / 4 - 0.375)
            let spread = (1 + (volume > 0 ? max(0, excess / volume) : 0) * expected).squareRoot()
            quick += 0.3 * (value - base - quick)
            let verdict = detector.observe(count, at: time, isFiring: false)
            let score = quick / (spread * (0.3 / 1.7).squareRoot())
            guard isClose(verdict.score, score), isClose(verdict.expected, expected) else {
                Issue.record("\(verdict) is not \(score), \(expected) at \(tick)")
                return
            }
            let step = max(-4 * spread, min(4 * spread, value - base))
            let weight = 1 / Double(tick + 1)
            plain =
                tick == 0
                ? value : plain + max(1.0 / 360, weight) * max(-4 * spread, min(4 * spread, value - plain))
            offset =
                seasonal.map { offset + max(-4 * spread, min(4 * spread, value - $0 - offset)) / 360 } ?? 0
            let taught = seasonal == nil ? value : base + step
            slots[slot + half] = (
                here.level + max(1.0 / 450, 1 / (here.seen + 1)) * (taught - here.level), here.seen + 1
            )
            excess += max(1.0 / 1_080, weight) * (step * step - 1 - excess)
            volume += max(1.0 / 1_080, weight) * (expected - volume)
        }
    }

    @Test func `the quantile is that of the paper, and near the true one`() {
        var random = RandomSource(seed: 13)
        for quantile in [0.1, 0.5, 0.9, 0.99] {
            var estimator = QuantileEstimator(quantile: quantile)
            var (q, n): ([Double], [Double]) = ([], [0, 1, 2, 3, 4])
            for index in 0..<100_000 {
                let value = random.uniform()
                estimator.add(value)
                if index < 5 { q = (q + [value]).sorted(); continue }
                var k = 0
                if value < q[0] {
                    q[0] = value
                } else if value >= q[4] {
                    q[4] = value; k = 3
                } else {
                    while k < 3, value >= q[k + 1] { k += 1 }
                }
                for i in (k + 1)..<5 { n[i] += 1 }
                let last = Double(index)
                let wanted = [0, last * quantile / 2, last * quantile, last * (1 + quantile) / 2, last]
                for i in 1...3 {
                    let d = wanted[i] - n[i]
                    guard d >= 1 && n[i + 1] - n[i] > 1 || d <= -1 && n[i - 1] - n[i] < -1 else { continue }
                    let s: Double = d > 0 ? 1 : -1
                    let p =
                        q[i] + s / (n[i + 1] - n[i - 1])
                        * ((n[i] - n[i - 1] + s) * (q[i + 1] - q[i]) / (n[i + 1] - n[i])
                            + (n[i + 1] - n[i] - s) * (q[i] - q[i - 1]) / (n[i] - n[i - 1]))
                    let j = i + Int(s)
                    q[i] = q[i - 1] < p && p < q[i + 1] ? p : q[i] + s * (q[j] - q[i]) / (n[j] - n[i])
                    n[i] += s
                }
                if index % 1_000 == 0 { #expect(isClose(estimator.value, q[2]), "\(quantile) at \(index)") }
            }
            #expect(abs(estimator.value - quantile) < 0.01)
        }
    }

    @Test func `a tail limit is fitted to the last two hundred excesses`() {
        var random = RandomSource(seed: 14)
        var tail = TailLimit(risk: 1e-4)
        var threshold = QuantileEstimator(quantile: 0.98)
        var excesses: [Double] = []
        var (values, level) = (0.0, Double.greatestFiniteMagnitude)
        for index in 0..<100_000 {
            let value = -RealMath.log(1 - random.uniform())
            tail.add(value)
            if excesses.count >= 20, value > level { continue }
            values += 1
            threshold.add(value)
            let excess = value - threshold.value
            guard values > 50, excess > 0 else { continue }
            excesses.append(excess)
            let last = excesses.suffix(200)
            let mean = last.reduce(0, +) / Double(last.count)
            let variance = last.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(last.count)
            let shape = variance > 1e-15 ? min(0.45, max(-0.5, (1 - mean * mean / variance) / 2)) : 0
            let ratio = 1e-4 * values / Double(excesses.count)
            level = threshold.value + mean * (1 - shape) / shape * (RealMath.power(ratio, -shape) - 1)
            if excesses.count > 30, abs(shape) > 1e-3, index % 7 == 0 {
                #expect(abs(tail.level - level) < 1e-6 * level)
            }
        }
        // Of an exponential distribution the level passed once in 10,000 values is 9.21.
        #expect(7.5...11 ~= tail.level)
    }
}
