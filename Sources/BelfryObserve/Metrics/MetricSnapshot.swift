/// All series at about one moment, shards already put together.
public struct MetricSnapshot: Sendable {
    /// Laid out as a shard is.
    let cells: [UInt64]
    let layout: MetricLayout

    /// The value of a counter, since the start.
    public subscript(counter: Counter) -> UInt64 { cells[counter.index] }

    /// The value of a gauge in its raw unit.
    public subscript(gauge: Gauge) -> Int64 { Int64(bitPattern: cells[gauge.index]) }

    /// How many values a histogram has seen.
    public func count(of histogram: Histogram) -> UInt64 {
        cells[histogram.index..<histogram.sum].reduce(0, &+)
    }

    /// What a histogram's values add up to, in its raw unit.
    public func sum(of histogram: Histogram) -> UInt64 { cells[histogram.sum] }

    /// A series as Prometheus sees it, in exposed units; slow, for tests and diagnostics.
    ///
    /// - Parameters:
    ///   - name: with its suffix: `belfry_listener_accepts_total`, `belfry_delivery_seconds_count`.
    ///   - labels: all of them.
    /// - Returns: `nil` when no such series is exposed.
    public func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        for family in layout.families {
            for series in family.series where series.name == name && series.labels == labels {
                return family.exposed(series, in: cells)
            }
        }
        return nil
    }

    /// A sample name's values added up over all labels; 0 when no series has it.
    public func total(_ name: String) -> Double {
        layout.families.reduce(0) { sum, family in
            family.series.filter { $0.name == name }.reduce(sum) { $0 + family.exposed($1, in: cells) }
        }
    }
}

extension Histogram {
    /// The cell of the sum stands behind the buckets.
    var sum: Int { index + Buckets.width }
}
