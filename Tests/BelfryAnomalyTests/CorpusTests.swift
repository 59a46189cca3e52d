import BelfryAnomaly
import BelfryAnomalyLab
import Testing

/// A short run of the incident corpus.
///
/// `belfry-anomaly corpus` makes the long one, whose table is in ops/anomaly.md.
@Suite struct CorpusTests {
    @Test func `the corpus is the same whenever it is made`() {
        let runs = (0..<2).map { _ in
            var house = House(.gameEvening, seed: 9)
            return (0..<500).map { tick in house.tick(at: tick * 10).0 }
        }
        #expect(runs[0] == runs[1])
    }

    @Test func `there is an incident for each alert that learns`() {
        #expect(Incident.types.count == 16)
    }

    @Test(arguments: [TrafficShape.office, .globalFlat])
    func `medium incidents are found, named, and nothing else is told`(shape: TrafficShape) {
        var table = CorpusTable()
        table.add(shape, .medium, CorpusRun(shape, days: 13, strength: .medium, seed: 11))
        let summary = table.summary(.medium)
        #expect(summary.incidents >= 12)
        #expect(summary.recall >= 0.9, "\(table.missed(.medium))")
        #expect(summary.precision >= 0.9, "\(table.falseAlarms)")
        #expect(summary.culprit >= 0.9)
        #expect((summary.attackDelay ?? .max) <= 30)
        #expect((summary.shiftDelay ?? .max) <= 120)
    }

    @Test func `a launch that everybody attends, a rolling deploy and full hours raise nothing`() {
        let run = CorpusRun(.launch, days: 13, strength: nil, seed: 12)
        #expect(run.falseAlarms.isEmpty, "\(run.falseAlarms)")
    }
}
