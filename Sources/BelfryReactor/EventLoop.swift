public import BelfryBytes

// One event loop: one thread, one kernel, one delegate, and the order of a tick.
//
//   sleep ─▶ resumed ─▶ ready ─▶ new connections ─▶ messages ─▶ timers ─▶ flush ─▶ publish
//     ▲                                                                               │
//     └──── at once, if any part left work over; else until the next deadline ◀───────┘
//
// Always: (1) each part has a budget (LoopLimits), so no peer, timer or producer starves another; (2) what a
// budget leaves keeps its place and forbids sleeping, so no bytes wait for an event that will not come; (3)
// an event reaches a connection only if its generation is live at that moment, not when the batch was
// fetched; (4) a connection has one turn a tick; (5) parts never call each other: each goes through the
// queues of the reactor.

/// Runs a delegate on a kernel until it wants to stop.
public struct EventLoop<D: LoopDelegate & ~Copyable>: ~Copyable {
    public var reactor: Reactor<D.LoopKernel, D.Message>
    public var delegate: D
    public let heartbeat: LoopHeartbeat

    @usableFromInline var governor = AcceptGovernor()
    @usableFromInline var readyListeners: [Int] = []
    /// The turns of this batch, by stage.
    @usableFromInline var stages: [[ConnectionTurn]] = Array(repeating: [], count: lastStage + 1)
    @usableFromInline var inbox: [D.Message] = []
    @usableFromInline var inboxHead = 0

    @inlinable static var lastStage: Int { 3 }

    /// Makes a loop that has not begun.
    ///
    /// Its mailbox must have been made with the waker of `kernel`, and this loop is its only consumer.
    @inlinable public init(
        kernel: D.LoopKernel, mailbox: Mailbox<D.Message>, heartbeat: LoopHeartbeat = LoopHeartbeat(),
        limits: LoopLimits = LoopLimits(), delegate: consuming D
    ) {
        reactor = Reactor(kernel: kernel, mailbox: mailbox, limits: limits)
        self.delegate = delegate
        self.heartbeat = heartbeat
    }

    /// Ticks until the delegate wants to stop, then delivers what is left, within bounds.
    @inlinable public mutating func run() -> LoopExit {
        while !delegate.wantsStop { tick() }
        return stop()
    }

    /// One round, in the order drawn above.
    @inlinable public mutating func tick() {
        let eventCount = sleep()
        runReadyQueue()
        runEvents(eventCount)
        acceptConnections()
        delegate.connectionsServed(reactor: &reactor)
        deliverMessages()
        fireTimers()
        delegate.endOfTick(reactor: &reactor)
        if reactor.stopsListening { closeListeners() }
        publish()
    }

    @inlinable mutating func publish() {
        let end = reactor.kernel.now()
        reactor.counters.ticks &+= 1
        reactor.counters.busy = end - reactor.tickStart
        heartbeat.beat(at: end, ticks: reactor.counters.ticks)
        delegate.publish(reactor.counters)
    }
}

// MARK: - Sleep

extension EventLoop where D: ~Copyable {
    /// Whether anything waits that no event will announce.
    @inlinable var hasLeftovers: Bool {
        !reactor.readyQueue.isEmpty || inboxHead < inbox.count || !reactor.localMessages.isEmpty
    }

    @inlinable mutating func sleep() -> Int {
        let sleeps = !hasLeftovers && reactor.mailbox.beginSleep()
        let deadline = sleeps ? nextDeadline : Instant(nanoseconds: 0)
        let count = reactor.kernel.wait(until: deadline)
        reactor.tickStart = reactor.kernel.now()
        reactor.now = reactor.tickStart
        return count
    }

    @inlinable var nextDeadline: Instant {
        var deadline = reactor.kernel.now() + reactor.limits.heartbeatInterval
        if let timer = reactor.timers.nextDeadline { deadline = min(deadline, timer) }
        if let resume = governor.resumeAt { deadline = min(deadline, resume) }
        return deadline
    }
}
