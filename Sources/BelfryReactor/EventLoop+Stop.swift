import BelfryBytes

extension EventLoop where D: ~Copyable {
    /// Lets the delegate close what is open and delivers the work this makes, for a bounded number of rounds.
    ///
    /// The mailbox is closed first: whoever posts from now on learns that nobody will read it.
    @inlinable mutating func stop() -> LoopExit {
        reactor.mailbox.close()
        closeListeners()
        delegate.stopping(reactor: &reactor)
        var rounds = 0
        repeat {
            rounds += 1
            reactor.now = reactor.kernel.now()
            runReadyQueue()
            deliverMessages()
            delegate.endOfTick(reactor: &reactor)
        } while (hasLeftovers || reactor.mailbox.count > 0) && rounds < reactor.limits.stopRounds
        publish()
        return LoopExit(rounds: rounds, isComplete: !hasLeftovers && reactor.mailbox.count == 0)
    }
}

/// How a loop ended.
public struct LoopExit: Equatable, Sendable {
    /// Rounds of remaining work after the stop.
    public let rounds: Int
    /// Whether no work was left; if not, the bound ended it.
    public let isComplete: Bool

    @inlinable public init(rounds: Int, isComplete: Bool) {
        self.rounds = rounds
        self.isComplete = isComplete
    }
}
