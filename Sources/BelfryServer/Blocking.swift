import Dispatch
import Synchronization

/// Runs the few asynchronous parts of starting up to their end.
///
/// Start and reload are plain code on the main thread, which has nothing else to do; never call it on a loop or inside
/// a task.
enum Blocking {
    private final class Box<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
        let done = DispatchSemaphore(value: 0)
    }

    static func result<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) -> Result<Value, any Error> {
        let box = Box<Result<Value, any Error>>()
        Task {
            let result: Result<Value, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            box.value.withLock { $0 = result }
            box.done.signal()
        }
        box.done.wait()
        guard let result = box.value.withLock({ $0 }) else {
            preconditionFailure("a task ended without a result")
        }
        return result
    }
}
