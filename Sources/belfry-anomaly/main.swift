// belfry-anomaly nab FOLDER [TRIALS]      the series detector on the Numenta Anomaly Benchmark
// belfry-anomaly corpus [DAYS] [SEED]     all detectors on the incident corpus
// belfry-anomaly state FILE               a state of detectors that know a quiet house, for trials (alerts.state_file)
import BelfryAnomaly
import BelfryAnomalyLab
import Foundation

let arguments = Array(CommandLine.arguments.dropFirst())

switch arguments.first {
case "nab" where arguments.count >= 2:
    try NABReport.print(folder: arguments[1], trials: arguments.dropFirst(2).first.flatMap { Int($0) } ?? 0)
case "corpus":
    let numbers = arguments.dropFirst().compactMap { UInt64($0) }
    CorpusReport.print(
        days: numbers.first.map { Int(clamping: $0) } ?? 28, seed: numbers.dropFirst().first ?? 11)
case "state" where arguments.count == 2:
    let state = try StateWriter.save(QuietHouse.learnt(seed: 11).bank)
    try Data(state).write(to: URL(filePath: arguments[1]))
default:
    print("usage: belfry-anomaly nab FOLDER [TRIALS] | corpus [DAYS] [SEED] | state FILE")
}
