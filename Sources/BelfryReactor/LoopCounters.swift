/// What a loop has done since it began; each value only grows, but for `lag` and `busy`.
@frozen package struct LoopCounters: Sendable {
    package var ticks: UInt64 = 0
    /// Events of connections and listeners.
    package var events: UInt64 = 0
    /// Events for a connection that was closed in the same batch or before: dropped.
    package var staleEvents: UInt64 = 0
    package var resumes: UInt64 = 0
    package var accepted: UInt64 = 0
    package var acceptRetries: UInt64 = 0
    package var acceptPauses: UInt64 = 0
    package var messages: UInt64 = 0
    package var timersFired: UInt64 = 0
    /// Ticks that left messages, timers or resumed connections to the next one.
    package var exhaustedBudgets: UInt64 = 0
    /// How late the latest timer of this tick fired, after its step.
    ///
    /// Zero in a tick without timers.
    package var lag = Duration.zero
    /// From the end of the previous tick's sleep to the end of that tick.
    package var busy = Duration.zero

    @inlinable package init() {}
}
