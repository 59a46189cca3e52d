/// How the values of a histogram were spread at one moment, or between two.
public struct Distribution: Equatable, Sendable {
    /// Values per bucket; those above the last bound stand behind it.
    let counts: [UInt64]
    /// Upper bounds in the histogram's raw unit, ascending; unused places hold the largest integer.
    let bounds: [UInt64]

    public static let empty = Distribution(
        counts: Array(repeating: 0, count: Buckets.width),
        bounds: Array(repeating: .max, count: Buckets.width))

    /// How many values there are.
    public var total: UInt64 { counts.reduce(0, &+) }

    /// What came since `earlier`, a look at the same histogram.
    public func since(_ earlier: Distribution) -> Distribution {
        // A scrape may split an event in two: a bucket never holds less than nothing.
        let counts = zip(counts, earlier.counts).map { $0 >= $1 ? $0 &- $1 : 0 }
        return Distribution(counts: counts, bounds: bounds)
    }

    /// The value that `share` of all values do not exceed, estimated as Prometheus does: evenly spread within a bucket.
    ///
    /// - Parameter share: 0 to 1.
    /// - Returns: In the raw unit; the last bound for what lies behind it; `nil` when there is no value.
    public func quantile(_ share: Double) -> Double? {
        guard total > 0 else { return nil }
        let rank = min(max(share, 0), 1) * Double(total)
        var below = 0.0
        for (place, count) in counts.enumerated() where count > 0 {
            let reached = below + Double(count)
            if reached >= rank { return value(in: place, at: (rank - below) / Double(count)) }
            below = reached
        }
        return nil
    }

    private func value(in place: Int, at share: Double) -> Double {
        let lower = place > 0 ? Double(bounds[place - 1]) : 0
        guard bounds[place] != .max else { return lower }
        return lower + (Double(bounds[place]) - lower) * share
    }
}

extension MetricSnapshot {
    /// How the values of a histogram are spread, since the start.
    public func distribution(of histogram: Histogram) -> Distribution {
        Distribution(
            counts: Array(cells[histogram.index..<histogram.sum]),
            bounds: Array(Buckets.table[histogram.bounds..<histogram.bounds + Buckets.width]))
    }
}

extension Counter {
    /// In nanoseconds; known to snapshots alone.
    public static var processCPU: Counter { Counter(.processCPU) }
}

extension Gauge {
    // Known to snapshots alone.
    public static func state(_ state: ServiceState) -> Gauge { Gauge(.state, state) }
    public static var processResidentMemory: Gauge { Gauge(.processResidentMemory) }
    public static var processOpenDescriptors: Gauge { Gauge(.processOpenDescriptors) }
    public static var processMaxDescriptors: Gauge { Gauge(.processMaxDescriptors) }
    public static var processThreads: Gauge { Gauge(.processThreads) }
}
