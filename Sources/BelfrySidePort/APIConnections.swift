import Synchronization

/// How many connections the server API's callers hold, so that scrapers and probes always find a free one.
final class APIConnections: Sendable {
    private let limit: Int
    private let open = Mutex(0)
    private let onRefusal: @Sendable () -> Void

    init(limit: Int, onRefusal: @escaping @Sendable () -> Void) {
        self.limit = limit
        self.onRefusal = onRefusal
    }

    /// Whether there is room for one more; counts it, or the refusal.
    func admit() -> Bool {
        let isAdmitted = open.withLock { open in
            guard open < limit else { return false }
            open += 1
            return true
        }
        if !isAdmitted { onRefusal() }
        return isAdmitted
    }

    func release() { open.withLock { $0 -= 1 } }
}
