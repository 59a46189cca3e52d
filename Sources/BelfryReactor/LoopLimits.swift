/// Budgets of one tick.
///
/// What a budget leaves is done in the next tick, which then does not sleep.
public struct LoopLimits: Sendable {
    /// Connections accepted.
    ///
    /// Each costs a handshake soon: 64 of 350 µs are 22 ms of work ahead.
    public var acceptsPerTick = 64
    /// Connections resumed from the ready queue; each has a byte budget of its own.
    public var resumesPerTick = 1_024
    /// Messages handled, from the mailbox and from this loop to itself alike.
    public var messagesPerTick = 4_096
    /// Timers fired or moved; 4,096 moves are under 0.1 ms.
    public var timersPerTick = 4_096
    /// Rounds of remaining work when stopping: closing connections makes new work, but never for ever.
    public var stopRounds = 1_000
    /// Longest sleep, so that a heartbeat older than two of these means a stuck loop.
    public var heartbeatInterval = Duration.seconds(1)
    /// Step of the timers.
    public var timerResolution = Duration.milliseconds(10)

    public init() {}
}
