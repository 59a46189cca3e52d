import BelfryAnomaly
import BelfryAnomalyLab
import Foundation

/// The table of the benchmark, as Markdown.
enum NABReport {
    static func print(folder: String, trials: Int) throws {
        let files = try NABFolder.read(folder)
        Swift.print("\(files.count) files, \(files.reduce(0) { $0 + $1.windows.count }) windows\n")
        Swift.print("| detector | standard | low FP | low FN |\n|---|---|---|---|")
        row("windowed Gaussian (rebuilt)", files.map { ($0, windowedGaussian($0.values)) })
        row("relative entropy (rebuilt)", files.map { ($0, relativeEntropy($0.values)) })
        row("series detector", NABTrial.scores(files))
        guard trials > 0 else { return }
        for first in [0, 1] { halves(files, first: first, trials: trials) }
    }

    private static func row(_ name: String, _ scored: NABTrial.Scored) {
        let scores = NABTrial.outcomes(scored).map { String(format: "%.2f", $0.score) }
        Swift.print("| \(name) | \(scores.joined(separator: " | ")) |")
    }

    /// Parameters and threshold from every second file, judged on the others.
    private static func halves(_ files: [NABSeries], first: Int, trials: Int) {
        let known = files.indices.filter { $0 % 2 == first }.map { files[$0] }
        let unknown = files.indices.filter { $0 % 2 != first }.map { files[$0] }
        let tuning = NABTrial.search(known, seed: UInt64(first + 1), trials: trials)
        row("chosen on half \(first + 1), same half", NABTrial.scores(known, tuning))
        row("chosen on half \(first + 1), other half", NABTrial.scores(unknown, tuning))
        let carried = NABProfile.all.map { profile in
            let threshold = NABScorer(profile).best(NABTrial.scores(known, tuning)).threshold
            let outcome = NABScorer(profile).score(NABTrial.scores(unknown, tuning), threshold: threshold)
            return String(format: "%.2f", outcome.score)
        }
        let name = "chosen on half \(first + 1), other half, its threshold too"
        Swift.print("| \(name) | \(carried.joined(separator: " | ")) |")
    }
}
