import BelfryAnomaly
import BelfryObserve

// The closed sets of labels of the detectors' metrics are written down twice, since neither module knows the other; a
// test holds them together.

extension DetectorLabel {
    init(_ signal: Signal) { self = Self.bySignal[signal] ?? .limits }

    private static let bySignal = [Signal: DetectorLabel](
        uniqueKeysWithValues: Signal.allCases.compactMap { signal in
            allCases.first { $0.label == signal.rawValue }.map { (signal, $0) }
        })
}

extension AlertLabel {
    init(_ name: AlertName) { self = Self.byName[name] ?? .expiryOrClock }

    private static let byName = [AlertName: AlertLabel](
        uniqueKeysWithValues: AlertName.allCases.compactMap { name in
            allCases.first { $0.label == name.rawValue }.map { (name, $0) }
        })
}

extension Double {
    /// For a gauge that is kept in billionths.
    var billionths: Int64 {
        guard isFinite else { return 0 }
        return Int64(exactly: (self * 1e9).rounded()) ?? (self < 0 ? .min : .max)
    }
}
