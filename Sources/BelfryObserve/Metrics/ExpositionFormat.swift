/// The two texts Prometheus reads.
public enum ExpositionFormat: CaseIterable, Sendable {
    /// Prometheus text format 0.0.4.
    case prometheusText
    /// OpenMetrics 1.0.0.
    case openMetrics

    /// The exact Content-Type: Prometheus 3 fails a scrape without one it knows.
    public var contentType: String {
        switch self {
        case .prometheusText: "text/plain; version=0.0.4"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }
}

extension ExpositionFormat {
    /// The metadata lines of a family, in the order each format asks for.
    func header(of family: FamilyDefinition) -> String {
        switch self {
        case .openMetrics:
            let unit = family.unit.suffix.isEmpty ? "" : "# UNIT \(family.name) \(family.unit.suffix)\n"
            return "# TYPE \(family.name) \(family.kind.openMetricsType)\n" + unit
                + "# HELP \(family.name) \(escaped(help: family.help))\n"
        case .prometheusText:
            // 0.0.4 names the samples, where OpenMetrics names the family.
            let name = family.name + family.kind.sampleSuffix
            return "# HELP \(name) \(escaped(help: family.help))\n# TYPE \(name) \(family.kind.textType)\n"
        }
    }

    /// `name{a="x",b="y"} `, ready for the value.
    func prefix(of series: MetricLayout.Series) -> String {
        guard !series.pairs.isEmpty else { return series.name + " " }
        let labels = series.pairs.map { "\($0.name)=\"\(escaped(value: $0.value))\"" }
        return "\(series.name){\(labels.joined(separator: ","))} "
    }

    var trailer: String {
        switch self {
        case .prometheusText: ""
        case .openMetrics: "# EOF\n"
        }
    }

    /// A quote may stand bare in the help of 0.0.4; OpenMetrics escapes it.
    func escaped(help: String) -> String {
        switch self {
        case .openMetrics: escaped(value: help)
        case .prometheusText: help.escaping(["\\": "\\\\", "\n": "\\n"])
        }
    }

    func escaped(value: String) -> String { value.escaping(["\\": "\\\\", "\n": "\\n", "\"": "\\\""]) }
}

extension String {
    /// Scalar by scalar, as `\r\n` is one character but two bytes on the page.
    fileprivate func escaping(_ table: [Unicode.Scalar: String]) -> String {
        unicodeScalars.reduce(into: "") { $0 += table[$1] ?? String($1) }
    }
}

extension FamilyDefinition.Kind {
    var openMetricsType: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        case .info: "info"
        case .stateSet: "stateset"
        }
    }

    /// 0.0.4 knows neither info nor stateset.
    var textType: String {
        switch self {
        case .info, .stateSet: "gauge"
        case .counter, .gauge, .histogram: openMetricsType
        }
    }

    /// What the sample's name has beyond the family's; histograms have three and are named by the family.
    var sampleSuffix: String {
        switch self {
        case .counter: "_total"
        case .info: "_info"
        case .gauge, .histogram, .stateSet: ""
        }
    }
}
