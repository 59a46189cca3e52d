/// How often something may happen on average: `20/s`, `600/m`, `100/h`.
package struct Rate: Hashable, Sendable {
    /// The unit a rate is written in.
    package enum Period: String, CaseIterable, Sendable {
        case second = "s"
        case minute = "m"
        case hour = "h"

        /// The length of the period in nanoseconds.
        package var nanoseconds: UInt64 {
            switch self {
            case .second: 1_000_000_000
            case .minute: 60_000_000_000
            case .hour: 3_600_000_000_000
            }
        }
    }

    /// What a count may be.
    ///
    /// Above it, rounding an interval up to whole nanoseconds would cost more than 0.01 %.
    package static let countRange = 1...100_000

    /// Units a period.
    package let count: Int
    package let period: Period

    /// Clamps `count` to ``countRange``.
    package init(_ count: Int, per period: Period) {
        self.count = min(max(count, Self.countRange.lowerBound), Self.countRange.upperBound)
        self.period = period
    }
}

extension Rate: CustomStringConvertible {
    package var description: String { "\(count)/\(period.rawValue)" }
}
