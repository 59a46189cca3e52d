public import BelfryBytes

extension EventLoop where D: ~Copyable {
    /// Messages of others, then our own, including those that this makes, up to the budget.
    @inlinable mutating func deliverMessages() {
        var budget = reactor.limits.messagesPerTick
        if inboxHead == inbox.count {
            inbox.removeAll(keepingCapacity: true)
            inboxHead = 0
            reactor.mailbox.drain(into: &inbox)
        }
        deliverInbox(&budget)
        deliverLocalMessages(&budget)
        if budget == 0, hasLeftovers { reactor.counters.exhaustedBudgets &+= 1 }
    }

    @inlinable mutating func deliverInbox(_ budget: inout Int) {
        while inboxHead < inbox.count, budget > 0 {
            let message = inbox[inboxHead]
            inboxHead += 1
            budget -= 1
            deliver(message)
        }
        guard inboxHead == inbox.count else { return }
        inbox.removeAll(keepingCapacity: true)
        inboxHead = 0
    }

    @inlinable mutating func deliverLocalMessages(_ budget: inout Int) {
        var next = 0
        while next < reactor.localMessages.count, budget > 0 {
            let message = reactor.localMessages[next]
            next += 1
            budget -= 1
            deliver(message)
        }
        if next == reactor.localMessages.count {
            reactor.localMessages.removeAll(keepingCapacity: true)
        } else {
            reactor.localMessages.removeFirst(next)
        }
    }

    @inlinable mutating func deliver(_ message: D.Message) {
        reactor.counters.messages &+= 1
        delegate.receive(message, reactor: &reactor)
    }

    /// The clock is read anew: connections and messages may have taken milliseconds.
    @inlinable mutating func fireTimers() {
        reactor.now = reactor.kernel.now()
        reactor.counters.lag = .zero
        guard let deadline = reactor.timers.nextDeadline, deadline <= reactor.now else { return }
        var budget = reactor.limits.timersPerTick
        while let timer = reactor.timers.popExpired(at: reactor.now, budget: &budget) {
            reactor.counters.timersFired &+= 1
            reactor.counters.lag = max(reactor.counters.lag, reactor.now - timer.due)
            delegate.timerFired(timer.payload, reactor: &reactor)
        }
        if budget == 0 { reactor.counters.exhaustedBudgets &+= 1 }
    }
}
