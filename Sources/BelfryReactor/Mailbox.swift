public import Synchronization

/// Messages for one loop from any thread: many post, the loop alone drains.
///
/// The whole box changes hands at once, so the lock is held for a swap, and in a steady state nothing is
/// allocated. Posting wakes the loop only if it is asleep, and then once: a busy loop looks into the box in
/// every tick anyway.
public final class Mailbox<Message: Sendable>: Sendable {
    public struct State: Sendable {
        @usableFromInline var messages: [Message] = []
        @usableFromInline var isClosed = false
        @usableFromInline var consumerSleeps = false

        @inlinable public init() {}
    }

    @usableFromInline let state: Mutex<State>
    @usableFromInline let waker: any Waker
    /// Most messages waiting together.
    public let capacity: Int

    /// - Parameters:
    ///   - capacity: One tick of the busiest producer, at least; beyond it posting fails and the producer
    ///     decides.
    ///   - waker: The consumer's, from ``Kernel/waker``.
    @inlinable public init(capacity: Int, waker: any Waker) {
        precondition(capacity > 0)
        self.capacity = capacity
        self.waker = waker
        state = Mutex(State())
    }

    // MARK: Producers

    @inlinable public func post(_ message: Message) -> PostResult {
        let (result, wakes) = state.withLock { state in
            if state.isClosed { return (PostResult.closed, false) }
            guard state.messages.count < capacity else { return (.full(accepted: 0), false) }
            state.messages.append(message)
            return (.posted, state.takeWake())
        }
        if wakes { waker.wake() }
        return result
    }

    /// Posts a batch in order under one lock; on overflow its first messages are taken and the rest are not.
    @inlinable public func post(contentsOf batch: [Message]) -> PostResult {
        var outbox = batch
        return post(draining: &outbox)
    }

    /// Posts a batch and empties `outbox`, keeping memory for the next; what was not taken stays in it.
    ///
    /// Into an empty box this is a swap: nothing is copied.
    @inlinable public func post(draining outbox: inout [Message]) -> PostResult {
        if outbox.isEmpty { return .posted }
        let (result, wakes) = state.withLock { state in
            if state.isClosed { return (PostResult.closed, false) }
            let result = state.take(&outbox, capacity: capacity)
            return (result, state.takeWake())
        }
        if wakes { waker.wake() }
        return result
    }

    // MARK: The consumer

    /// Swaps all waiting messages into `inbox`, which must be empty, and counts the consumer as awake.
    @inlinable public func drain(into inbox: inout [Message]) {
        precondition(inbox.isEmpty)
        state.withLock { state in
            state.consumerSleeps = false
            if !state.messages.isEmpty { swap(&state.messages, &inbox) }
        }
    }

    /// Says that the consumer is about to sleep; `false` if messages wait and it must not.
    @inlinable public func beginSleep() -> Bool {
        state.withLock { state in
            guard state.messages.isEmpty else { return false }
            state.consumerSleeps = true
            return true
        }
    }

    /// Refuses all further posts; what was posted before can still be drained.
    @inlinable public func close() {
        state.withLock { $0.isClosed = true }
    }

    /// Messages waiting now.
    public var count: Int { state.withLock { $0.messages.count } }
}

extension Mailbox.State {
    @inlinable public mutating func takeWake() -> Bool {
        guard consumerSleeps, !messages.isEmpty else { return false }
        consumerSleeps = false
        return true
    }

    @inlinable public mutating func take(_ outbox: inout [Message], capacity: Int) -> PostResult {
        let room = capacity - messages.count
        if messages.isEmpty && outbox.count <= room {
            swap(&messages, &outbox)
            return .posted
        }
        guard outbox.count > room else {
            messages.append(contentsOf: outbox)
            outbox.removeAll(keepingCapacity: true)
            return .posted
        }
        messages.append(contentsOf: outbox[..<room])
        outbox.removeFirst(room)
        return .full(accepted: room)
    }
}

/// What became of a post.
@frozen public enum PostResult: Equatable, Sendable {
    case posted
    /// The box is full: the first `accepted` messages were taken, the others were not.
    case full(accepted: Int)
    /// The loop is gone or going; nothing was taken.
    case closed
}
