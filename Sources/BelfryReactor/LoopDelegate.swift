/// The owner of a loop's connections: what the loop calls, in the order of a tick.
///
/// A delegate acts through the `reactor` it is handed; nothing it calls there calls it back. It keeps the
/// connections (in a ``SlotTable``) and all that is theirs; the loop keeps time, listeners, budgets and
/// queues.
public protocol LoopDelegate: ~Copyable, SendableMetatype {
    associatedtype LoopKernel: Kernel
    associatedtype Message: Sendable

    /// Whether an event for `slot` still has somebody to go to.
    func isLive(_ slot: SlotID) -> Bool

    /// How far a live connection has come: 0 (served first of a batch) to 3.
    ///
    /// Connections at one stage should run the same code.
    func stage(of slot: SlotID) -> Int

    /// A connection was ready, or its turn came from the ready queue. Work within a budget.
    ///
    /// - Returns: `.more` if the budget ended before `EAGAIN` did, or plaintext is left inside the TLS
    ///   session: the connection gets a turn in the next tick without an event. For a slot that was closed
    ///   meanwhile: anything.
    mutating func ready(
        _ slot: SlotID, _ readiness: Readiness, reactor: inout Reactor<LoopKernel, Message>
    ) -> Leftover

    /// A connection arrived: yours to register, or to close at once.
    mutating func accepted(
        _ descriptor: Descriptor, from peer: PeerAddress, listener: Int,
        reactor: inout Reactor<LoopKernel, Message>)

    /// All connections have had their turns: what they collected may be worked off together.
    ///
    /// Messages this makes are delivered in this tick, those made at its end in the next.
    mutating func connectionsServed(reactor: inout Reactor<LoopKernel, Message>)

    /// A message from another thread, or one this loop sent itself.
    mutating func receive(_ message: Message, reactor: inout Reactor<LoopKernel, Message>)

    /// A timer came due. Its slot may be stale: ask your table.
    mutating func timerFired(_ payload: TimerPayload, reactor: inout Reactor<LoopKernel, Message>)

    /// The last work of a tick: flush what was touched.
    mutating func endOfTick(reactor: inout Reactor<LoopKernel, Message>)

    /// Accepting paused; called at most once per ten seconds.
    mutating func acceptPaused(_ notice: AcceptPauseNotice)

    /// The tick is over; copy what you publish.
    mutating func publish(_ counters: LoopCounters)

    /// Asked at the end of each tick.
    var wantsStop: Bool { get }

    /// The loop stops: close what is open. Messages this makes are still delivered, within a bound.
    mutating func stopping(reactor: inout Reactor<LoopKernel, Message>)
}

extension LoopDelegate where Self: ~Copyable {
    @inlinable public func stage(of slot: SlotID) -> Int { 0 }
    @inlinable public mutating func connectionsServed(reactor: inout Reactor<LoopKernel, Message>) {}
}

/// Whether a connection has work that no event will announce.
@frozen public enum Leftover: Sendable {
    case drained, more
}
