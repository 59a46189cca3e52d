import BelfryAnomaly

// The score, as the benchmark's paper defines it (Lavin and Ahmad, 2015). Within a window only the best
// detection counts, worth 1 at the left edge and falling to 0 at the right; a window without any costs; each
// detection outside costs, less when it comes just after a window. One threshold serves all files.

/// What a detection is worth and what a mistake costs.
package struct NABProfile: Sendable {
    package let name: String
    package let falsePositive: Double
    package let falseNegative: Double

    package static let standard = NABProfile(name: "standard", falsePositive: 0.11, falseNegative: 1)
    package static let lowFalsePositives = NABProfile(name: "low FP", falsePositive: 0.22, falseNegative: 1)
    package static let lowFalseNegatives = NABProfile(name: "low FN", falsePositive: 0.11, falseNegative: 2)
    package static let all = [standard, lowFalsePositives, lowFalseNegatives]
}

/// Scores of a detector over a set of files.
package struct NABScorer: Sendable {
    /// A row that is scored: what the detector said, and what a detection there would be worth.
    private struct Row {
        let score: Double
        let worth: Double
        /// The window it lies in, counted over all files; `nil` outside.
        let window: Int?
    }

    /// The best threshold over all files, and the score it gives: 0 for silence, 100 for perfection.
    package struct Outcome: Sendable {
        package let threshold: Double
        package let score: Double
    }

    package let profile: NABProfile

    package init(_ profile: NABProfile) { self.profile = profile }

    /// The best single threshold, as the benchmark chooses it.
    package func best(_ files: [(series: NABSeries, scores: [Double])]) -> Outcome {
        sweep(files) { best, threshold, raw in raw > best.raw ? (threshold, raw) : best }
    }

    /// The score with the threshold given.
    package func score(_ files: [(series: NABSeries, scores: [Double])], threshold: Double) -> Outcome {
        let kept = files.map { ($0.series, $0.scores.map { $0 >= threshold ? threshold : -.infinity }) }
        return sweep(kept) { best, reached, raw in reached == threshold ? (threshold, raw) : best }
    }

    /// The unscaled score of one file at a threshold: the figure of the benchmark's result files.
    package func raw(_ series: NABSeries, scores: [Double], threshold: Double) -> Double {
        var parts = [Double](repeating: -profile.falseNegative, count: series.windows.count)
        var outside = 0.0
        for row in rows(series, scores, firstWindow: 0) where row.score >= threshold {
            if let window = row.window {
                parts[window] = max(parts[window], row.worth)
            } else {
                outside += row.worth
            }
        }
        return outside + scorable(series).reduce(0) { $0 + parts[$1] }
    }

    private typealias Best = (threshold: Double, raw: Double)

    private func sweep(
        _ files: [(series: NABSeries, scores: [Double])], keep: (Best, Double, Double) -> Best
    ) -> Outcome {
        var rows: [Row] = []
        var windows = 0
        for file in files {
            rows += self.rows(file.series, file.scores, firstWindow: windows)
            windows += file.series.windows.count
        }
        rows.sort { $0.score > $1.score }
        let silent = -profile.falseNegative * Double(windows)
        var parts = [Double](repeating: -profile.falseNegative, count: windows)
        var raw = silent
        var best: Best = (.infinity, silent)
        for (index, row) in rows.enumerated() {
            if let window = row.window {
                let better = max(parts[window], row.worth)
                raw += better - parts[window]
                parts[window] = better
            } else {
                raw += row.worth
            }
            let isLastOfItsScore = index + 1 == rows.count || rows[index + 1].score != row.score
            if isLastOfItsScore, row.score > -.infinity { best = keep(best, row.score, raw) }
        }
        return Outcome(
            threshold: best.threshold, score: 100 * (best.raw - silent) / (Double(windows) - silent))
    }

    /// Windows with a row after the probation; only they are scored.
    private func scorable(_ series: NABSeries) -> [Int] {
        series.windows.indices.filter { series.windows[$0].upperBound >= series.probation }
    }

    private func rows(_ series: NABSeries, _ scores: [Double], firstWindow: Int) -> [Row] {
        var rows: [Row] = []
        var next = 0
        for index in series.values.indices {
            while next < series.windows.count, series.windows[next].upperBound < index { next += 1 }
            guard index >= series.probation else { continue }
            let isInside = next < series.windows.count && series.windows[next].contains(index)
            let worth =
                isInside
                ? inside(series.windows[next], index)
                : outside(next > 0 ? series.windows[next - 1] : nil, index)
            rows.append(
                Row(score: scores[index], worth: worth, window: isInside ? firstWindow + next : nil))
        }
        return rows
    }

    private func inside(_ window: ClosedRange<Int>, _ index: Int) -> Double {
        let position = -Double(window.upperBound - index + 1) / Double(window.count)
        return Self.sigmoid(position) / Self.sigmoid(-1)
    }

    private func outside(_ window: ClosedRange<Int>?, _ index: Int) -> Double {
        guard let window else { return -profile.falsePositive }
        let distance = Double(index - window.upperBound) / Double(max(1, window.count - 1))
        return (distance >= 3 ? -1 : Self.sigmoid(distance)) * profile.falsePositive
    }

    private static func sigmoid(_ position: Double) -> Double { 2 / (1 + RealMath.exp(5 * position)) - 1 }
}
