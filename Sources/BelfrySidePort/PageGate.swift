import Synchronization

/// How many costly pages may be in the making at one time.
final class PageGate: Sendable {
    private let limit: Int
    private let busy = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// Runs `body`, or returns `nil` at once when too many are running.
    func pass<Page: Sendable>(_ body: () async throws -> Page) async rethrows -> Page? {
        let isFree = busy.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        guard isFree else { return nil }
        defer { busy.withLock { $0 -= 1 } }
        return try await body()
    }
}
