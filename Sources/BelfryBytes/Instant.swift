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
        // One division of the machine's: `components` makes two of 128 bits by 128, in software.
        let magnitude = attoseconds.magnitude
        let high = UInt64(truncatingIfNeeded: magnitude >> 64)
        guard high < 500_000_000 else { return attoseconds < 0 ? .min : .max }
        let low = UInt64(truncatingIfNeeded: magnitude)
        let nanoseconds = Int64(clamping: (1_000_000_000 as UInt64).dividingFullWidth((high, low)).quotient)
        return attoseconds < 0 ? -nanoseconds : nanoseconds
    }
}
