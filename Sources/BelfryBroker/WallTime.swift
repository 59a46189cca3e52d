import BelfryBytes

/// A moment on the wall clock, for whatever must mean the same after a restart.
///
/// Never read here: it is passed in. It may step back when the clock is set.
package struct WallTime: Comparable, Hashable, Sendable {
    /// Since 1970-01-01 00:00 UTC.
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Later than everything.
    package static let distantFuture = WallTime(milliseconds: .max)

    package static func < (left: WallTime, right: WallTime) -> Bool { left.milliseconds < right.milliseconds }

    /// Saturates at both ends; parts of a millisecond are dropped.
    package static func + (time: WallTime, duration: Duration) -> WallTime {
        let delta = duration.clampedNanoseconds / 1_000_000
        let (sum, overflow) = time.milliseconds.addingReportingOverflow(delta)
        return WallTime(milliseconds: overflow ? (delta < 0 ? .min : .max) : sum)
    }
}
