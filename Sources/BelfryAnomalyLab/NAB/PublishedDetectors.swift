import BelfryAnomaly

// Two detectors of the public scoreboard, rebuilt from their descriptions to check the scorer with.

/// How unlikely each value is under a normal distribution of the values before it, of which it knows 6,400 and
/// moves on by 100 at a time.
///
/// The score is 1 less the tail beyond the value, on the side of the mean where the value lies.
package func windowedGaussian(_ values: [Double]) -> [Double] {
    let size = 6_400
    let step = 100
    var current = (mean: 0.0, deviation: 1.0)
    var known = 0..<0
    return values.indices.map { index in
        let end = index <= size ? index : size + (index - size) / step * step
        if known.upperBound != end {
            known = max(0, end - size)..<end
            current = moments(of: values[known])
        }
        guard index > 0 else { return 0 }
        let z = abs(values[index] - current.mean) / current.deviation
        return 1 - 0.5 * RealMath.erfc(z / 2.0.squareRoot())
    }
}

private func moments(of window: ArraySlice<Double>) -> (mean: Double, deviation: Double) {
    let mean = window.reduce(0, +) / Double(window.count)
    let variance = window.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(window.count)
    return (mean, variance > 0 ? variance.squareRoot() : 1e-6)
}

/// Whether the histogram of the last 52 values agrees with one seen before (Wang and others, ICAC 2011).
///
/// It knows the least and the greatest value of the whole file, as its published version does.
package func relativeEntropy(_ values: [Double]) -> [Double] {
    let bins = 5
    let width = 52
    // Of the chi-squared distribution with 4 degrees of freedom, the point with a tail of 0.01.
    let limit = 13.276704135987622
    guard let low = values.min(), let high = values.max(), high > low else {
        return values.map { _ in 0 }
    }
    let step = (high - low) / Double(bins)
    var known: [[Double]] = []
    return values.indices.map { index in
        guard index + 1 >= width else { return 0 }
        let window = values[(index + 1 - width)...index]
        var histogram = [Double](repeating: 0, count: bins)
        for value in window {
            // Bin 5 belongs to bin 4, so that the greatest value has a place.
            let bin = Int(((value - low) / step).rounded(.up)).clamped(to: 0...bins)
            histogram[min(bin, bins - 1)] += 1 / Double(width)
        }
        let agrees = known.contains { 2 * Double(width) * divergence(histogram, from: $0) < limit }
        if !agrees { known.append(histogram) }
        return agrees || known.count == 1 ? 0 : 1
    }
}

private func divergence(_ observed: [Double], from hypothesis: [Double]) -> Double {
    zip(observed, hypothesis).reduce(0) { sum, pair in
        guard pair.0 > 0 else { return sum }
        return pair.1 > 0 ? sum + pair.0 * RealMath.log(pair.0 / pair.1) : .infinity
    }
}

extension Int {
    func clamped(to range: ClosedRange<Int>) -> Int {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
