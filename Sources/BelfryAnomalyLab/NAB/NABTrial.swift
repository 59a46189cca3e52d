package import BelfryAnomaly
import BelfryBytes

/// The relay's own series detector on the benchmark.
package enum NABTrial {
    package typealias Scored = [(series: NABSeries, scores: [Double])]

    package static func scores(
        _ files: [NABSeries], _ tuning: SeriesDetector.Tuning = SeriesDetector.Tuning()
    ) -> Scored {
        files.map { series in
            var detector = SeriesDetector(tuning)
            return (series, zip(series.values, series.times).map { detector.observe($0, at: $1).news })
        }
    }

    /// Standard, low FP and low FN, each at its best single threshold.
    package static func outcomes(_ scored: Scored) -> [NABScorer.Outcome] {
        NABProfile.all.map { NABScorer($0).best(scored) }
    }

    /// Parameters found by a seeded random search on some of the files.
    ///
    /// It starts from parameters that know nothing of the benchmark: round numbers from the prototypes.
    package static func search(_ files: [NABSeries], seed: UInt64, trials: Int) -> SeriesDetector.Tuning {
        var generator = SplitMix64(seed: seed)
        var best = uninformed
        var bestScore = merit(files, best)
        for trial in 0..<trials {
            let width = trial % 3 == 0 ? 1.2 : 0.4
            let candidate = moved(best, by: width, using: &generator)
            let score = merit(files, candidate)
            if score > bestScore { (best, bestScore) = (candidate, score) }
        }
        return best
    }

    private static var uninformed: SeriesDetector.Tuning {
        var tuning = SeriesDetector.Tuning()
        (tuning.level, tuning.quick, tuning.restless, tuning.profile) = (0.002, 0.1, 0.1, 0.05)
        (tuning.profileGain, tuning.clamp, tuning.quickWeight, tuning.restlessWeight) = (0.85, 4, 1, 1)
        (tuning.cap, tuning.bend, tuning.floor, tuning.forget, tuning.peakWeight) = (10, 1, 0.01, 0.005, 0.5)
        tuning.warmUp = 100
        return tuning
    }

    private static func merit(_ files: [NABSeries], _ tuning: SeriesDetector.Tuning) -> Double {
        outcomes(scores(files, tuning)).reduce(0) { $0 + $1.score }
    }

    private static var fields: [WritableKeyPath<SeriesDetector.Tuning, Double>] {
        [
            \.level, \.quick, \.restless, \.profile, \.profileGain, \.clamp, \.quickWeight,
            \.restlessWeight, \.cap, \.bend, \.floor, \.forget, \.peakWeight, \.warmUp,
        ]
    }

    private static func moved(
        _ tuning: SeriesDetector.Tuning, by width: Double, using generator: inout SplitMix64
    ) -> SeriesDetector.Tuning {
        var moved = tuning
        for field in fields where Double.random(in: 0..<1, using: &generator) < 0.3 {
            let step = Double.random(in: -width...width, using: &generator)
            moved[keyPath: field] *= RealMath.exp(step)
        }
        moved.peakWeight = min(moved.peakWeight, 1)
        moved.quick = min(moved.quick, 1)
        moved.profile = min(moved.profile, 1)
        moved.restless = min(moved.restless, 1)
        return moved
    }
}
