import Synchronization

/// Which connection stands behind a bucket of a histogram (OpenMetrics 1.0, "Exemplars").
///
/// Written about once a second by each loop, for its slowest delivery: the lock is on nobody's way. Prometheus text has
/// no place for them.
public final class Exemplars: Sendable {
    struct Exemplar: Sendable {
        /// In the histogram's raw unit.
        let value: UInt64
        let connectionID: String
        let unixSeconds: Int64
    }

    private let latest = Mutex<[Int: Exemplar]>([:])

    init() {}

    /// Notes who a value was of.
    ///
    /// - Parameters:
    ///   - value: In the histogram's raw unit, as it was observed.
    ///   - histogram: Where it was observed.
    ///   - connectionID: As in the journal's BELFRY_CONN_ID; printable, without quotes, at most 100 bytes.
    ///   - unixSeconds: Since 1970.
    public func note(_ value: UInt64, in histogram: Histogram, connectionID: String, unixSeconds: Int64) {
        guard connectionID.utf8.count <= 100 else { return }
        let bounds = Buckets.table[histogram.bounds..<histogram.bounds + Buckets.width]
        // Beyond the last bound stands `+Inf`, whose series ends with the last cell.
        let bucket = bounds.firstIndex { value <= $0 && $0 != .max } ?? bounds.endIndex - 1
        let cell = histogram.index + bucket - bounds.startIndex
        latest.withLock {
            $0[cell] = Exemplar(value: value, connectionID: connectionID, unixSeconds: unixSeconds)
        }
    }

    /// By the cell of their bucket.
    var all: [Int: Exemplar] { latest.withLock { $0 } }
}

extension Exemplars.Exemplar {
    /// ` # {conn_id="…"} 0.0012 1700000000`.
    func append(to page: inout [UInt8]) {
        page += " # {conn_id=\"\(connectionID)\"} ".utf8
        ExpositionNumber.append(value, as: .billionths, to: &page)
        page += " \(unixSeconds)".utf8
    }
}
