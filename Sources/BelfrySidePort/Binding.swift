import Synchronization

/// The port, for whoever waits for it.
final class Binding: Sendable {
    private enum State {
        case pending([CheckedContinuation<Int, any Error>])
        case done(Result<Int, any Error>)
    }

    private let state = Mutex(State.pending([]))

    func succeed(_ port: Int) { settle(.success(port)) }
    func fail(_ error: any Error) { settle(.failure(error)) }

    func value() async throws -> Int {
        try await withCheckedThrowingContinuation { waiter in
            let result = state.withLock { state -> Result<Int, any Error>? in
                switch state {
                case .done(let result): return result
                case .pending(let waiters):
                    state = .pending(waiters + [waiter])
                    return nil
                }
            }
            if let result { waiter.resume(with: result) }
        }
    }

    /// The first result stays.
    private func settle(_ result: Result<Int, any Error>) {
        let waiters = state.withLock { state in
            guard case .pending(let waiters) = state else { return [CheckedContinuation<Int, any Error>]() }
            state = .done(result)
            return waiters
        }
        for waiter in waiters { waiter.resume(with: result) }
    }
}
