/// Every series there will ever be in this process, made once from the definitions.
struct MetricLayout: Sendable {
    /// Where a series' value comes from.
    enum Source: Sendable {
        case cell(Int)
        /// Buckets are kept apart and exposed added up.
        case cumulative(Range<Int>)

        func value(in cells: [UInt64]) -> UInt64 {
            switch self {
            case .cell(let index): cells[index]
            case .cumulative(let range): cells[range].reduce(0, &+)
            }
        }
    }

    struct Series: Sendable {
        let name: String
        /// In the order of exposition.
        let pairs: [(name: String, value: String)]
        let source: Source

        var labels: [String: String] { Dictionary(pairs.map { ($0.name, $0.value) }) { first, _ in first } }
    }

    struct Family: Sendable {
        let definition: FamilyDefinition
        let series: [Series]

        /// The value of one of its series in the unit of the name.
        func exposed(_ series: Series, in cells: [UInt64]) -> Double {
            let raw = series.source.value(in: cells)
            if case .cumulative = series.source { return Double(raw) }
            let number = definition.isSigned ? Double(Int64(bitPattern: raw)) : Double(raw)
            return definition.unit.isScaled ? number / 1e9 : number
        }
    }

    let families: [Family]

    init(build: BuildInfo, certificateNames: [String], eventNames: [String]) {
        families = MetricFamily.allCases.map { family in
            let definition = family.definition
            let sets = definition.labels.map { label in
                switch label.values {
                case .closed(let values): (label.name, values)
                case .certificates: (label.name, certificateNames)
                case .events: (label.name, eventNames)
                }
            }
            let combinations = definition.kind == .info ? [build.pairs] : Self.combinations(of: sets)
            let series = combinations.enumerated().flatMap { place, pairs in
                Self.series(of: definition, base: family.base, place: place, pairs: pairs)
            }
            return Family(definition: definition, series: series)
        }
    }

    /// Every combination of label values, the last label running fastest.
    private static func combinations(of sets: [(String, [String])]) -> [[(name: String, value: String)]] {
        sets.reduce([[]]) { rows, set in
            rows.flatMap { row in set.1.map { row + [(name: set.0, value: $0)] } }
        }
    }

    private static func series(
        of definition: FamilyDefinition, base: Int, place: Int, pairs: [(name: String, value: String)]
    ) -> [Series] {
        switch definition.kind {
        case .counter: [Series(name: definition.name + "_total", pairs: pairs, source: .cell(base + place))]
        case .gauge, .stateSet: [Series(name: definition.name, pairs: pairs, source: .cell(base + place))]
        case .info: [Series(name: definition.name + "_info", pairs: pairs, source: .cell(base + place))]
        case .histogram(let buckets):
            histogram(definition, buckets, first: base + place * Buckets.cells, pairs: pairs)
        }
    }

    private static func histogram(
        _ definition: FamilyDefinition, _ buckets: Buckets, first: Int, pairs: [(name: String, value: String)]
    ) -> [Series] {
        let bounds = buckets.bounds
        var series = bounds.enumerated().map { place, bound in
            let le =
                definition.unit == .seconds
                ? ExpositionNumber.canonical(nanoseconds: bound)
                : ExpositionNumber.canonical(bound)
            return Series(
                name: definition.name + "_bucket", pairs: pairs + [("le", le)],
                source: .cumulative(first..<first + place + 1))
        }
        let all = Source.cumulative(first..<first + Buckets.width)
        series.append(Series(name: definition.name + "_bucket", pairs: pairs + [("le", "+Inf")], source: all))
        series.append(Series(name: definition.name + "_count", pairs: pairs, source: all))
        series.append(
            Series(name: definition.name + "_sum", pairs: pairs, source: .cell(first + Buckets.width)))
        return series
    }
}

extension FamilyDefinition {
    /// Gauges may go below zero; all else counts up.
    var isSigned: Bool { if case .gauge = kind { true } else { false } }
}

/// What is running, for the `build` family and for whoever else has to say it.
public struct BuildInfo: Sendable {
    public var version: String
    public var commit: String
    public var swift: String
    public var openssl: String

    public init(version: String, commit: String, swift: String, openssl: String) {
        self.version = version
        self.commit = commit
        self.swift = swift
        self.openssl = openssl
    }

    var pairs: [(name: String, value: String)] {
        [("version", version), ("commit", commit), ("swift", swift), ("openssl", openssl)]
    }
}
