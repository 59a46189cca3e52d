import Testing

@testable import BelfryBench

@Suite("What a bench counts")
struct MeasurementTests {
    @Test func `in order, out of order and duplicate are told apart`() {
        var checker = SequenceChecker()
        let verdicts = [1, 2, 5, 4, 4, 3, 5, 6, 0, 1].map { checker.receive($0) }
        #expect(
            verdicts == [
                .inOrder, .inOrder, .inOrder, .outOfOrder, .duplicate, .outOfOrder, .duplicate, .inOrder,
                .duplicate,
                .duplicate,
            ])
    }

    @Test(
        "64 numbers are remembered",
        arguments: [(64, .outOfOrder), (65, .duplicate), (UInt64.max, .duplicate)]
            as [(UInt64, SequenceChecker.Verdict)])
    func window(highest: UInt64, verdict: SequenceChecker.Verdict) {
        var checker = SequenceChecker()
        #expect(checker.receive(highest) == .inOrder)
        #expect(checker.receive(1) == verdict)
    }

    @Test func `a quantile is at most a thirtysecond too high and never too low`() {
        var random = SplitMix64(state: 0xBE1F)
        for _ in 0..<50 {
            let values = (0..<200).map { _ in random.next() &>> (random.next() % 64) }.sorted()
            var histogram = LatencyHistogram()
            for value in values { histogram.record(nanoseconds: value) }
            for perMille in [1, 500, 900, 990, 1_000] as [UInt64] {
                let exact = values[(Int(perMille) * values.count + 999) / 1_000 - 1]
                let found = histogram.quantile(perMille: perMille)
                #expect(found >= exact && found - exact <= exact / 32, "seed 0xBE1F, value \(exact)")
            }
            #expect(histogram.maximum == values.last)
        }
    }

    @Test func `an empty histogram says 0, a single value itself`() {
        var histogram = LatencyHistogram()
        #expect(histogram.quantile(perMille: 990) == 0)
        histogram.record(nanoseconds: 1_234_567)
        #expect(histogram.quantile(perMille: 1) == 1_234_567)
    }

    @Test func `a report is clean only when nothing failed, is missing or was refused`() {
        var report = BenchReport()
        report.expected = 2
        report.delivered = 2
        #expect(report.isClean)
        for spoil in [{ $0.failed = 1 }, { $0.expected = 3 }, { $0.refused = 1 }]
            as [(inout BenchReport) -> Void]
        {
            var spoilt = report
            spoil(&spoilt)
            #expect(!spoilt.isClean)
        }
    }

    @Test func `reasons are bounded and cannot break the JSON`() {
        var report = BenchReport()
        report.note("a \"quoted\\\" reason")
        for number in 0..<100 { report.note("reason \(number)") }
        #expect(report.reasons.count == BenchReport.reasonsMax)
        #expect(report.json.contains(#"{"reason":"a 'quoted'' reason","count":1}"#))
    }
}

struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value &>> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value &>> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value &>> 31
    }
}
