import BelfryAuth
import Synchronization

/// A change of the denials on its way to all loops, which cut the connections that it is about.
final class DenialCut: Sendable {
    /// `nil` when somebody is let in again.
    let denial: Denial?
    private struct State {
        var loopsLeft: Int
        var closed = 0
        var isDone = false
    }

    private let state: Mutex<State>
    private let deliver: @Sendable (_ closed: Int, _ isComplete: Bool) -> Void

    /// - `deliver`: Called once.
    init(_ denial: Denial?, loops: Int, deliver: @escaping @Sendable (Int, Bool) -> Void) {
        self.denial = denial
        state = Mutex(State(loopsLeft: loops))
        self.deliver = deliver
    }

    /// One loop has the new list, and has looked at all of its connections.
    func add(closed: Int) {
        finish { state in
            state.closed += closed
            state.loopsLeft -= 1
            return state.loopsLeft == 0
        }
    }

    /// A loop that stops, or stands still, does not answer: what the others said is handed over.
    func giveUp() { finish { _ in true } }

    private func finish(_ change: @Sendable (inout sending State) -> Bool) {
        let result: (closed: Int, isComplete: Bool)? = state.withLock { state in
            guard change(&state), !state.isDone else { return nil }
            state.isDone = true
            return (state.closed, state.loopsLeft == 0)
        }
        if let result { deliver(result.closed, result.isComplete) }
    }
}

/// What a loop is told of a change.
struct DenyNotice: Sendable {
    let snapshot: DenySnapshot
    /// Who waits until each loop has heard; `nil` for nobody.
    let cut: DenialCut?
    /// Where the walk over the loop's table stands.
    var cursor: UInt32 = 0
    var closed = 0
}
