// What waits to be written, and whether anything is taken at all.

/// A value behind the store's lock.
struct StoreInbox {
    enum Run { case now, later, already }

    /// The share of callers that are no loop.
    static let callers = 0

    private(set) var items: [StoreItem] = []
    /// Waiting or being written, by share: callers first, then the lanes.
    private(set) var byteCounts = [0]
    var lanes: [StoreLane] = []
    /// Raised at each failure: a lane that has not heard of it would build on what was refused.
    private(set) var generation: UInt64 = 0
    var failure: StoreFailure?
    var isClosed = false
    private var isRunning = false
    private var isTimed = false

    private(set) var refusedFull: UInt64 = 0
    private(set) var refusedFailed: UInt64 = 0
    private(set) var lost: UInt64 = 0

    /// Operations of one transaction: above it the first of them would wait for too long.
    private static let groupMax = 4_096

    mutating func open(lanes: [StoreLane]) {
        self.lanes = lanes
        byteCounts = Array(repeating: 0, count: lanes.count + 1)
    }

    /// Why an operation would not be taken; counted as refused then.
    ///
    /// - `generation`: What the lane knows; `nil` for callers that build on nothing.
    mutating func refusal(
        _ byteCount: Int, of lane: Int, generation: UInt64?, settings: StoreSettings
    ) -> StoreFailure? {
        if isClosed { return StoreFailure(.closed, path: settings.path) }
        if let failure {
            refusedFailed &+= 1
            return failure
        }
        if let generation, generation != self.generation {
            refusedFailed &+= 1
            return StoreFailure(.unavailable, path: settings.path, detail: "a commit has just failed")
        }
        guard byteCounts[lane] + byteCount <= settings.queueBytes / byteCounts.count else {
            refusedFull &+= 1
            return StoreFailure(.full, path: settings.path, detail: "too much waits to be written")
        }
        return nil
    }

    /// Whether what nobody waits for is taken.
    func hasRoom(for item: StoreItem, settings: StoreSettings) -> Bool {
        !isClosed && failure == nil
            && byteCounts[item.lane] + item.byteCount <= settings.queueBytes / byteCounts.count
    }

    mutating func append(_ item: StoreItem) {
        byteCounts[item.lane] += item.byteCount
        items.append(item)
    }

    /// The next group; empty means that the writer may rest.
    mutating func takeGroup() -> [StoreItem] {
        guard items.count > Self.groupMax else { return takeAll() }
        let group = Array(items.prefix(Self.groupMax))
        items.removeFirst(group.count)
        return group
    }

    mutating func takeAll() -> [StoreItem] {
        var group: [StoreItem] = []
        swap(&group, &items)
        if group.isEmpty { (isRunning, isTimed) = (false, false) }
        return group
    }

    mutating func release(_ group: [StoreItem]) {
        for item in group { byteCounts[item.lane] -= item.byteCount }
    }

    mutating func nextRun(isAwaited: Bool) -> Run {
        if isRunning { return .already }
        if isAwaited {
            isRunning = true
            return .now
        }
        if isTimed { return .already }
        isTimed = true
        return .later
    }

    /// From now on everything is refused, and everything that waits comes back.
    mutating func fail(_ failure: StoreFailure) -> [StoreItem] {
        self.failure = failure
        generation &+= 1
        return takeAll()
    }

    mutating func countRefused(_ group: [StoreItem]) {
        for item in group {
            if item.isAwaited {
                refusedFailed &+= 1
            } else if case .append = item.operation {
                lost &+= 1
            }
        }
    }

    mutating func countLost() { lost &+= 1 }
}
