/// A point on the monotonic clock (`CLOCK_MONOTONIC`), in nanoseconds.
///
/// Brain modules never read a clock: an `Instant` is passed in, so tests pass any they like.
@frozen public struct Instant: Comparable, Hashable, Sendable {
    /// Nanoseconds since an arbitrary origin; never decreases while the machine runs.
    public var nanoseconds: UInt64

    @inlinable public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    @inlinable public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Saturates at both ends of the clock; a negative duration moves back.
    @inlinable public static func + (instant: Instant, duration: Duration) -> Instant {
        let delta = duration.clampedNanoseconds
        if delta < 0 {
            let (difference, overflow) = instant.nanoseconds.subtractingReportingOverflow(delta.magnitude)
            return Instant(nanoseconds: overflow ? 0 : difference)
        }
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(delta.magnitude)
        return Instant(nanoseconds: overflow ? .max : sum)
    }

    /// The time from `earlier` to `later`; negative when they are swapped.
    @inlinable public static func - (later: Instant, earlier: Instant) -> Duration {
        later >= earlier
            ? .nanoseconds(Int64(clamping: later.nanoseconds - earlier.nanoseconds))
            : .nanoseconds(-Int64(clamping: earlier.nanoseconds - later.nanoseconds))
    }
}

extension Duration {
    /// Whole nanoseconds, clamped to what 64 bits hold (292 years).
    @inlinable public var clampedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carried) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }
}
