package import BelfryObserve

extension ExpositionFormat {
    /// The format a scraper likes best of those we have; text for whoever says nothing we know.
    ///
    /// Prometheus sends OpenMetrics 1.0.0 and 0.0.1, text 0.0.4 and `*/*` with falling weights, and
    /// sometimes a protobuf type first, which we do not speak.
    package init(accept: String) {
        var best: (format: ExpositionFormat, weight: Double)?
        for range in accept.split(separator: ",") {
            guard let (format, weight) = Self.offer(range), weight > best?.weight ?? 0 else { continue }
            best = (format, weight)
        }
        self = best?.format ?? .prometheusText
    }

    private static func offer(_ range: Substring) -> (ExpositionFormat, Double)? {
        let parts = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
        guard let type = parts.first else { return nil }
        var (version, weight): (String?, Double) = (nil, 1)
        for parameter in parts.dropFirst() {
            if parameter.hasPrefix("version=") { version = String(parameter.dropFirst(8)) }
            if parameter.hasPrefix("q=") { weight = Double(parameter.dropFirst(2)) ?? 0 }
        }
        switch (type, version) {
        case ("application/openmetrics-text", nil), ("application/openmetrics-text", "1.0.0"):
            return (.openMetrics, weight)
        case ("text/plain", nil), ("text/plain", "0.0.4"), ("text/*", nil), ("*/*", nil):
            return (.prometheusText, weight)
        default: return nil
        }
    }
}
