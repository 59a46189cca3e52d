import BelfryAnomalyLab
import Foundation

/// The benchmark's files as they lie in a folder: `data/…/*.csv` and `windows.json`.
enum NABFolder {
    static func read(_ path: String) throws -> [NABSeries] {
        let folder = URL(filePath: path, directoryHint: .isDirectory)
        let labels = try JSONDecoder().decode(
            [String: [[String]]].self, from: Data(contentsOf: folder.appending(path: "windows.json")))
        return try labels.keys.sorted().map { name in
            let text = try String(contentsOf: folder.appending(path: "data/\(name)"), encoding: .utf8)
            guard let series = NABSeries(name: name, text: text, labels: labels[name] ?? []) else {
                throw CocoaError(.fileReadCorruptFile)
            }
            return series
        }
    }
}
