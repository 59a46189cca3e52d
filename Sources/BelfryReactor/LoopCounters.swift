/// What a loop has done since it began; each value only grows, but for `lag` and `busy`.
@frozen public struct LoopCounters: Sendable {
    public var ticks: UInt64 = 0
    /// Events of connections and listeners.
    public var events: UInt64 = 0
    /// Events for a connection that was closed in the same batch or before: dropped.
    public var staleEvents: UInt64 = 0
    public var resumes: UInt64 = 0
    public var accepted: UInt64 = 0
    public var acceptRetries: UInt64 = 0
    public var acceptPauses: UInt64 = 0
    public var messages: UInt64 = 0
    public var timersFired: UInt64 = 0
    /// Ticks that left messages, timers or resumed connections to the next one.
    public var exhaustedBudgets: UInt64 = 0
    /// How late the latest timer of this tick fired, after its step.
    ///
    /// Zero in a tick without timers.
    public var lag = Duration.zero
    /// From the end of the previous tick's sleep to the end of that tick.
    public var busy = Duration.zero

    @inlinable public init() {}
}
