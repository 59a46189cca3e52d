import BelfryAnomaly
import BelfryAnomalyLab
import Foundation

/// The tables of the incident corpus, as Markdown.
enum CorpusReport {
    static func print(days: Int, seed: UInt64) {
        var table = CorpusTable()
        let strengths: [Incident.Strength?] = [nil] + Incident.Strength.allCases
        for shape in TrafficShape.allCases {
            for strength in strengths {
                table.add(shape, strength, CorpusRun(shape, days: days, strength: strength, seed: seed))
            }
        }
        Swift.print("\(days) days a run, seed \(seed)\n")
        summaries(table)
        cells(table)
        faults(table)
    }

    private static func summaries(_ table: CorpusTable) {
        Swift.print("| strength | incidents | recall | precision | culprit | attacks | shifts |")
        Swift.print("|---|---|---|---|---|---|---|")
        for strength in Incident.Strength.allCases {
            let summary = table.summary(strength)
            let shares = [summary.recall, summary.precision, summary.culprit].map {
                String(format: "%.3f", $0)
            }
            let delays = [summary.attackDelay, summary.shiftDelay].map { $0.map { "\($0) s" } ?? "–" }
            let cells = [strength.rawValue, "\(summary.incidents)"] + shares + delays
            Swift.print("| \(cells.joined(separator: " | ")) |")
        }
        Swift.print("\nclean: \(table.clean.falseAlarms.count) false alarms in \(table.clean.days) days\n")
    }

    private static func cells(_ table: CorpusTable) {
        Swift.print("| incident | weak | medium | strong | false alarms (medium) |\n|---|---|---|---|---|")
        for type in Incident.types {
            let cells = Incident.Strength.allCases.map { strength in
                let cell = table.cell(type, strength)
                return "\(cell.found)/\(cell.played)" + (cell.delay.map { ", \($0) s" } ?? "")
            }
            let wrong = table.alarms(type, .medium).wrong
            Swift.print("| \(type.rawValue) | \(cells.joined(separator: " | ")) | \(wrong) |")
        }
        Swift.print("")
    }

    private static func faults(_ table: CorpusTable) {
        for strength in Incident.Strength.allCases {
            let groups = Dictionary(grouping: table.missed(strength)) {
                "\($0.type.rawValue) (\($0.shape.rawValue))"
            }
            let missed = groups.map { $0.value.count > 1 ? "\($0.key) ×\($0.value.count)" : $0.key }.sorted()
            Swift.print(
                "- missed, \(strength.rawValue): \(missed.isEmpty ? "none" : missed.joined(separator: ", "))")
        }
        for (shape, strength, alarm) in table.falseAlarms {
            let during = alarm.during.map { ", during \($0.rawValue)" } ?? ""
            let time = "day \(alarm.time / 86_400) \(alarm.time % 86_400 / 3_600):\(alarm.time % 3_600 / 60)"
            Swift.print(
                "- false, \(strength?.rawValue ?? "clean") \(shape.rawValue), \(time)\(during): \(alarm.summary)"
            )
        }
    }
}
