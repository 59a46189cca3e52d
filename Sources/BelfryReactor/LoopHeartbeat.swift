public import BelfryBytes
import Synchronization

/// A loop's sign of life, written by the loop once a tick and read by any thread.
public final class LoopHeartbeat: Sendable {
    private let lastTickNanoseconds = Atomic<UInt64>(0)
    private let tickCount = Atomic<UInt64>(0)

    public init() {}

    /// When the latest tick ended, or `nil` before the first.
    ///
    /// An idle loop ticks once a heartbeat interval.
    public var lastTick: Instant? {
        let value = lastTickNanoseconds.load(ordering: .relaxed)
        return value == 0 ? nil : Instant(nanoseconds: value)
    }

    public var ticks: UInt64 { tickCount.load(ordering: .relaxed) }

    /// Plain stores: the loop is the only writer, and no other memory is ordered by them.
    public func beat(at now: Instant, ticks: UInt64) {
        lastTickNanoseconds.store(now.nanoseconds, ordering: .relaxed)
        tickCount.store(ticks, ordering: .relaxed)
    }
}
