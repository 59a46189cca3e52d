/// The fixed upper bounds of a histogram.
///
/// Never changed at run time, and rarely between releases: stored series with other bounds cannot be added
/// up.
@frozen public enum Buckets: UInt8, CaseIterable, Sendable {
    /// 0.1 ms to 5 s, with the delivery objective of 100 ms as a bound.
    case latency
    /// 0.5 ms to 10 s: work with public-key cryptography in it.
    case handshake
    /// A second to a day.
    case life
    /// 64 B to 1 MiB.
    case size
    /// One recipient to ten thousand.
    case fanout
    /// 10 µs to 1 s, coarse: for where the time of a message goes.
    case stage

    /// Raw upper bounds, ascending: nanoseconds, bytes or recipients.
    public var bounds: [UInt64] {
        switch self {
        case .latency:
            [
                100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
                5_000_000,
            ]
            .map { $0 * 1000 }
        case .handshake:
            [
                500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
                2_500_000, 10_000_000,
            ]
            .map { $0 * 1000 }
        case .life:
            [1, 5, 15, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400].map { $0 * 1_000_000_000 }
        case .size: (3...10).map { 1 << (2 * $0) }
        case .stage: [10, 100, 1000, 5000, 25_000, 100_000, 1_000_000].map { $0 * 1000 }
        case .fanout: [1, 2, 5, 10, 20, 50, 100, 250, 1000, 2500, 10_000]
        }
    }

    /// Cells kept per histogram for buckets, `+Inf` included: a power of two, so that finding one takes four
    /// steps.
    @inlinable static var width: Int { 16 }

    /// The cells of one histogram: its buckets, then its sum.
    @inlinable static var cells: Int { width &+ 1 }

    @inlinable static var boundCount: Int { 6 * width }

    /// The bounds of all sets; unused places hold the largest integer, so a search always ends inside.
    static let table: [UInt64] = allCases.flatMap { set in
        let bounds = set.bounds
        return bounds + Array(repeating: UInt64.max, count: width - bounds.count)
    }
}
