import BelfryBytes
import BelfryLimits

let second: UInt64 = 1_000_000_000

extension Instant {
    /// A time far from both ends of the clock.
    static func at(_ milliseconds: Int64) -> Instant {
        Instant(nanoseconds: 1_000_000 * second) + .milliseconds(milliseconds)
    }
}

extension LimitDecision {
    var isAllowed: Bool { self == .allowed }
}

let keys = LimitKeyMaker(seed: (1, 2))

/// A whole second per token and three at once: easy to follow by eye.
let onePerSecond = LimitRule(rate: Rate(1, per: .second), burst: 3)
