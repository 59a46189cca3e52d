import BelfryBytes
import Synchronization

// Where the side port's threads and the loops meet. A call is questions with numbers of their own; a loop answers a
// number and goes on. Whoever waits is told when the last answer is there, when one can no longer come, or when time is
// over. A loop holds the lock for the time of a dictionary's removal.

/// Calls that wait for answers of loops.
final class CallDesk<Answer: Sendable>: Sendable {
    typealias Delivery = @Sendable ([Answer?]) -> Void

    private struct Call {
        let first: UInt64
        let deadline: Instant
        let deliver: Delivery
        var answers: [Answer?]
        var waiting: Int
    }

    private struct State {
        /// By the first of their numbers.
        var calls: [UInt64: Call] = [:]
        /// The call of each number that waits.
        var owners: [UInt64: UInt64] = [:]
        /// In the order of their deadlines, which is that of their numbers.
        var order: [UInt64] = []
        var next: UInt64 = 1
    }

    private let state = Mutex(State())
    private let pendingMax: Int

    init(pendingMax: Int) { self.pendingMax = pendingMax }

    /// Questions without an answer.
    var pendingCount: Int { state.withLock { $0.owners.count } }

    /// Opens a call of `count` questions, at least one; their numbers follow each other.
    ///
    /// What came is delivered once, by any thread: an answer for each question, or `nil`.
    ///
    /// - Returns: The first number, or `nil` when too many wait; then nothing is delivered.
    func open(_ count: Int, until deadline: Instant, deliver: @escaping Delivery) -> UInt64? {
        state.withLock { state in
            guard state.owners.count + count <= pendingMax else { return nil }
            let first = state.next
            state.next &+= UInt64(count)
            for number in first..<first &+ UInt64(count) { state.owners[number] = first }
            state.order.append(first)
            state.calls[first] = Call(
                first: first, deadline: deadline, deliver: deliver,
                answers: Array(repeating: nil, count: count), waiting: count)
            return first
        }
    }

    /// Answers a question; `nil` says that none will come.
    ///
    /// One that nobody waits for any more is dropped.
    func answer(_ number: UInt64, _ answer: Answer?) {
        let complete = state.withLock { state -> Call? in
            guard let first = state.owners.removeValue(forKey: number) else { return nil }
            let place = Int(truncatingIfNeeded: number &- first)
            state.calls[first]?.answers[place] = answer
            state.calls[first]?.waiting -= 1
            guard state.calls[first]?.waiting == 0 else { return nil }
            return state.calls.removeValue(forKey: first)
        }
        if let complete { complete.deliver(complete.answers) }
    }

    /// Ends the calls whose time is over.
    func expire(at now: Instant) {
        let late = state.withLock { state -> [Call] in
            let done =
                state.order.firstIndex { state.calls[$0].map { $0.deadline > now } ?? false }
                ?? state.order.count
            let late = state.order[..<done].compactMap { state.calls.removeValue(forKey: $0) }
            state.order.removeFirst(done)
            for call in late {
                for number in call.first..<call.first &+ UInt64(call.answers.count) {
                    state.owners[number] = nil
                }
            }
            return late
        }
        for call in late { call.deliver(call.answers) }
    }
}
