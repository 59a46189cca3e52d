import Foundation
import Testing

@testable import BelfryObserve

@Suite("Metric layout")
struct MetricsLayoutTests {
    let layout = MetricLayout(
        build: BuildInfo(version: "1", commit: "c", swift: "6", openssl: "3"),
        certificateNames: ["a", "b", "c", "d"],
        eventNames: MetricRegistry.eventNames)

    @Test func `a shard has one block of cells for each family`() {
        #expect(MetricFamily.cellCount == MetricFamily.allCases.count * MetricFamily.cellsPerFamily)
        #expect(MetricShard().cells.count == MetricFamily.cellCount)
        #expect(MetricShard().bounds.count == Buckets.boundCount)
        #expect(MetricFamily.cellsPerFamily % 8 == 0 && MetricFamily.cellsPerFamily / 8 % 2 == 1)
    }

    @Test(arguments: MetricFamily.allCases)
    func `a family's series stay inside its block`(family: MetricFamily) {
        for series in layout.families[Int(family.rawValue)].series {
            switch series.source {
            case .cell(let index): #expect(family.cells.contains(index), "\(series.name)")
            case .cumulative(let range):
                #expect(
                    range.lowerBound >= family.cells.lowerBound && range.upperBound <= family.cells.upperBound
                )
            }
        }
    }

    @Test func `no series stands twice and no cell is exposed twice`() {
        var names: Set<String> = []
        var cells: Set<Int> = []
        for series in layout.families.flatMap(\.series) {
            #expect(names.insert(ExpositionFormat.openMetrics.prefix(of: series)).inserted)
            if case .cell(let index) = series.source {
                #expect(cells.insert(index).inserted, "\(series.name)")
            }
        }
    }

    @Test(arguments: ExpositionFormat.allCases)
    func `all series stand on the first page, within the budget`(format: ExpositionFormat) {
        let registry = MetricRegistry.sample(certificates: ["a", "b", "c", "d"])
        let lines = registry.lines(format)
        #expect(lines.count == layout.families.reduce(0) { $0 + $1.series.count })
        #expect(lines.count <= 800)
        #expect(registry.render(format).count <= 80_000)
    }

    @Test func `units end the names and suffixes never clash`() {
        let definitions = MetricFamily.allCases.map(\.definition)
        let names = Set(definitions.map(\.name))
        #expect(names.count == definitions.count)
        for definition in definitions {
            if !definition.unit.suffix.isEmpty {
                #expect(definition.name.hasSuffix("_" + definition.unit.suffix))
            }
            for suffix in ["_total", "_created", "_count", "_sum", "_bucket", "_info"] {
                #expect(!definition.name.hasSuffix(suffix), "\(definition.name)")
                #expect(!names.contains(definition.name + suffix), "\(definition.name)")
            }
            #expect(definition.help.hasSuffix("."))
            #expect(definition.name.hasPrefix("belfry_") || definition.name.hasPrefix("process_"))
        }
    }

    @Test func `no label value means a total, and none is empty`() {
        for label in MetricFamily.allCases.flatMap(\.definition.labels) {
            guard case .closed(let values) = label.values else { continue }
            #expect(
                Set(values).count == values.count
                    && !values.contains { $0.isEmpty || $0 == "total" || $0 == "all" })
            #expect(label.name.allSatisfy { $0.isLowercase || $0 == "_" })
        }
    }

    @Test(arguments: Buckets.allCases)
    func `bounds ascend and leave a place for +Inf`(buckets: Buckets) {
        #expect(
            buckets.bounds == buckets.bounds.sorted() && Set(buckets.bounds).count == buckets.bounds.count)
        #expect(buckets.bounds.count < Buckets.width)
    }

    @Test(arguments: [
        (1 as UInt64, "1.0"), (64, "64.0"), (86_400, "86400.0"), (999_999, "999999.0"), (1_000_000, "1e+06"),
        (1_048_576, "1.048576e+06"), (10_000_000_000, "1e+10"),
    ])
    func `whole bounds are spelt as OpenMetrics wants`(value: UInt64, text: String) {
        #expect(ExpositionNumber.canonical(value) == text)
    }

    @Test(arguments: [
        (100_000 as UInt64, "0.0001"), (2_500_000, "0.0025"), (1_000_000_000, "1.0"), (2_500_000_000, "2.5"),
    ])
    func `bounds in seconds are spelt as OpenMetrics wants`(nanoseconds: UInt64, text: String) {
        #expect(ExpositionNumber.canonical(nanoseconds: nanoseconds) == text)
    }

    @Test func `the operator's table says what the code does`() throws {
        let file = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "ops/metrics.md")
        let page = try String(contentsOf: file, encoding: .utf8)
        let expected = MetricsTable.families + MetricsTable.buckets
        let found = page.split(separator: "\n").map(String.init).filter {
            $0.hasPrefix("| `belfry_") || $0.hasPrefix("| `process_")
        }
        let isSame = found == expected  // a long story when it is not: show only what differs
        #expect(
            isSame,
            "missing: \(expected.filter { !found.contains($0) })\nforeign: \(found.filter { !expected.contains($0) })"
        )
    }
}

/// The rows of `ops/metrics.md`.
enum MetricsTable {
    static let families = MetricFamily.allCases.map { family in
        let definition = family.definition
        let labels =
            family == .build
            ? "version, commit, swift, openssl" : definition.labels.map(text).joined(separator: "; ")
        return row([
            "`\(definition.name)\(definition.kind.sampleSuffix)`", definition.kind.openMetricsType, labels,
            definition.unit.suffix, definition.help,
        ])
    }

    static let buckets: [String] = MetricFamily.allCases.compactMap { family in
        guard case .histogram(let buckets) = family.definition.kind else { return nil }
        let bounds = buckets.bounds.map {
            family.definition.unit == .seconds
                ? ExpositionNumber.canonical(nanoseconds: $0) : ExpositionNumber.canonical($0)
        }
        return row(["`\(family.definition.name)_bucket`", bounds.joined(separator: ", ")])
    }

    private static func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }

    private static func text(_ label: FamilyDefinition.Label) -> String {
        switch label.values {
        case .closed(let values): "\(label.name): \(values.joined(separator: ", "))"
        case .certificates:
            "\(label.name): the loaded certificates, at most \(MetricRegistry.certificateLimit)"
        case .events: "\(label.name): the events of journal-events.md"
        }
    }
}
