import BelfryReactor
import Dispatch
import Synchronization

/// What the main thread is asked to do.
enum ProcessOrder: Equatable, Sendable {
    case reload
    /// Send clients away and end; `by` is what asked, for the journal.
    case stop(by: String)

    init(_ signal: ProcessSignal) {
        switch signal {
        case .reload: self = .reload
        case .terminate: self = .stop(by: "SIGTERM")
        case .interrupt: self = .stop(by: "SIGINT")
        }
    }
}

/// Orders on their way to the main thread.
final class OrderBox: Sendable {
    fileprivate struct State {
        var waiting: [ProcessOrder] = []
        /// Somebody has asked for the end.
        var isStopping = false
    }

    private let state = Mutex(State())
    private let ended = Atomic<Bool>(false)
    private let semaphore = DispatchSemaphore(value: 0)

    /// Of a signal: a second one means something of its own.
    func put(_ order: ProcessOrder) {
        state.withLock { $0.put(order) }
        semaphore.signal()
    }

    /// Of whoever may ask at any time and any number of times: one that waits already stands for the next.
    ///
    /// - Returns: Whether it is taken: not once the end was asked for.
    func offer(_ order: ProcessOrder) -> Bool {
        let (isTaken, isNew) = state.withLock { state in
            guard !state.isStopping else { return (false, false) }
            guard !state.waiting.contains(order) else { return (true, false) }
            state.put(order)
            return (true, true)
        }
        if isNew { semaphore.signal() }
        return isTaken
    }

    /// Nothing more to wait for.
    func end() {
        ended.store(true, ordering: .relaxed)
        semaphore.signal()
    }

    /// The next order, or `nil` at the end.
    func next() -> ProcessOrder? {
        semaphore.wait()
        if ended.load(ordering: .relaxed) { return nil }
        return state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
    }
}

extension OrderBox.State {
    fileprivate mutating func put(_ order: ProcessOrder) {
        waiting.append(order)
        if case .stop = order { isStopping = true }
    }
}
