import BelfryBytes
import Glibc

/// The two clocks the writer reads.
enum Clocks {
    /// CLOCK_MONOTONIC.
    static func now() -> Instant {
        Instant(nanoseconds: read(CLOCK_MONOTONIC))
    }

    /// CLOCK_REALTIME in microseconds since 1970.
    static func wallMicroseconds() -> UInt64 { read(CLOCK_REALTIME) / 1000 }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        // Both clocks exist on every Linux and the pointer is valid: there is no error to report.
        _ = unsafe clock_gettime(clock, &time)
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }
}
