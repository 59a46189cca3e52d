public import BelfryBytes

/// What a delegate may do while its loop calls it: descriptors, timers, another turn, a message to itself.
///
/// Separate from ``EventLoop`` so that the loop can lend it out while it calls its delegate: the compiler
/// then proves that nothing here reaches back into the delegate.
public struct Reactor<K: Kernel, Message: Sendable>: ~Copyable {
    public let kernel: K
    public let mailbox: Mailbox<Message>
    public let limits: LoopLimits
    /// The time of this phase: read once after the sleep and once before the timers.
    public var now: Instant
    /// When the sleep of this tick ended.
    public var tickStart: Instant
    public var timers: TimerWheel
    public var counters = LoopCounters()

    @usableFromInline var readyQueue = ReadyQueue()
    @usableFromInline var localMessages: [Message] = []
    @usableFromInline var listeners: [LoopListener] = []
    @usableFromInline var stopsListening = false

    @inlinable init(kernel: K, mailbox: Mailbox<Message>, limits: LoopLimits) {
        self.kernel = kernel
        self.mailbox = mailbox
        self.limits = limits
        now = kernel.now()
        tickStart = now
        timers = TimerWheel(origin: now, resolution: limits.timerResolution)
    }

    // MARK: Descriptors

    /// Reports a connection's readiness to the delegate under its slot.
    @inlinable public func register(_ descriptor: Descriptor, as slot: SlotID) throws(SystemError) {
        try kernel.register(descriptor, token: slot.token, interest: .stream)
    }

    /// Closes a connection.
    ///
    /// Its later events and turns are dropped, if its slot has been removed too.
    @inlinable public func close(_ descriptor: Descriptor) {
        kernel.close(descriptor)
    }

    // MARK: Timers

    @discardableResult
    @inlinable public mutating func arm(
        _ kind: UInt16, for slot: SlotID, after delay: Duration
    ) -> TimerID {
        timers.arm(TimerPayload(slot: slot, kind: kind), at: now + delay)
    }

    @discardableResult
    @inlinable public mutating func arm(_ payload: TimerPayload, at deadline: Instant) -> TimerID {
        timers.arm(payload, at: deadline)
    }

    @discardableResult
    @inlinable public mutating func cancel(_ timer: TimerID) -> Bool {
        timers.cancel(timer)
    }

    // MARK: Turns and messages

    /// Gives `slot` a turn in the next tick, which then does not sleep.
    ///
    /// Once, however often it is said.
    @inlinable public mutating func runAgain(_ slot: SlotID) {
        readyQueue.append(slot)
    }

    /// Sends this loop a message without lock or wake-up; delivered in this tick if messages are still to
    /// come.
    @inlinable public mutating func postToSelf(_ message: Message) {
        localMessages.append(message)
    }

    // MARK: Listeners

    /// Opens a listener; its index is the number of listeners before it.
    @inlinable public mutating func listen(
        _ address: ListenAddress, backlog: Int, reusePort: Bool
    ) throws(SystemError) -> Descriptor {
        let listener = try kernel.listen(address, backlog: backlog, reusePort: reusePort)
        do {
            try watch(listener, at: listeners.count)
        } catch {
            kernel.close(listener)
            throw error
        }
        listeners.append(LoopListener(descriptor: listener, isShared: false))
        return listener
    }

    /// Takes over a descriptor of a listener that others hold too, and closes it in the end.
    @inlinable public mutating func adopt(listener: Descriptor) throws(SystemError) {
        try kernel.adoptListener(listener)
        try watch(listener, at: listeners.count)
        listeners.append(LoopListener(descriptor: listener, isShared: true))
    }

    @inlinable func watch(_ listener: Descriptor, at index: Int) throws(SystemError) {
        let token = SlotID(index: UInt32(truncatingIfNeeded: index), generation: 0).token
        try kernel.register(listener, token: token, interest: .listener)
    }

    /// Ends accepting at the end of this tick.
    ///
    /// What waits in the queues of our own listeners is accepted first, since closing a listener resets it
    /// (`SO_REUSEPORT` does not hand it to a neighbour). An adopted one keeps its queue for whoever else holds it.
    @inlinable public mutating func stopListening() {
        stopsListening = true
    }
}

/// A listener of one loop.
@usableFromInline struct LoopListener {
    @usableFromInline let descriptor: Descriptor
    /// Other loops, or other processes, hold the same socket.
    @usableFromInline let isShared: Bool

    @inlinable init(descriptor: Descriptor, isShared: Bool) {
        self.descriptor = descriptor
        self.isShared = isShared
    }
}
