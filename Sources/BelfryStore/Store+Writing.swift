import BelfryBroker
import BelfryBytes
import Dispatch
import GRDB
import Synchronization

// On the store's thread: group after group, and what becomes of one that fails.

/// What only the store's thread changes.
struct StorePen {
    var statistics = StoreStatistics()
    /// What is in force on the connection.
    var isSynchronous = true
    /// Where the walk over the streams stands, in search of those that are over.
    var tidied: Int64 = 0
    var failedAt = ContinuousClock.now
    var backoff = Duration.milliseconds(100)
    /// Refusals counted when the failure began.
    var refusedBefore: UInt64 = 0
    /// Relaxed streams that this life began under a new epoch.
    var renewed = 0
}

extension Store {
    /// Writes until nothing waits.
    func flush() {
        while true {
            let group = inbox.withLock { $0.takeGroup() }
            guard !group.isEmpty else { return }
            let began = ContinuousClock.now
            do {
                try write(group)
                settle(group)
                onEvent(.committed(ContinuousClock.now - began))
            } catch {
                fail(group, StoreFailure(error, path: settings.path))
            }
        }
    }

    private func write(_ group: [StoreItem]) throws {
        let isSynchronous = group.contains(where: \.isAwaited)
        try database.writeWithoutTransaction { database in
            try setSynchronous(isSynchronous, database)
            var writer = GroupWriter(database)
            try database.inTransaction(.immediate) {
                for item in group { try writer.write(item.operation) }
                try writer.finish()
                return .commit
            }
            let byteCount = try? database.bytesInUse()
            pen.withLock { pen in
                pen.statistics.commits &+= 1
                pen.statistics.publications &+= writer.publications
                if let byteCount { pen.statistics.byteCount = byteCount }
            }
        }
    }

    /// Relaxed commits are left to the kernel: they survive the process, and wait for no disk.
    func setSynchronous(_ isWanted: Bool, _ database: Database) throws {
        guard pen.withLock({ $0.isSynchronous != isWanted }) else { return }
        try database.execute(sql: "PRAGMA synchronous = \(isWanted ? "FULL" : "NORMAL")")
        pen.withLock { $0.isSynchronous = isWanted }
    }

    private func settle(_ group: [StoreItem]) {
        inbox.withLock { $0.release(group) }
        var counts = Array(repeating: 0, count: inbox.withLock { $0.byteCounts.count })
        for item in group {
            switch item.asker {
            case .nobody: break
            case .lane: counts[item.lane] += 1
            case .caller(let done): done(.success(()))
            }
        }
        for lane in inbox.withLock({ $0.lanes }) where counts[lane.share] > 0 {
            lane.committed(counts[lane.share])
        }
        pruneIfTooLarge(after: group.count)
    }

    /// A relaxed operation found no room.
    func missed(_ operation: StoreOperation) {
        guard case .append = operation else { return }
        inbox.withLock { $0.countLost() }
    }

    // MARK: Failure

    func fail(_ group: [StoreItem], _ failure: StoreFailure) {
        let (rest, generation) = inbox.withLock { ($0.fail(failure), $0.generation) }
        pen.withLock { pen in
            pen.statistics.failedCommits &+= 1
            pen.failedAt = .now
            pen.refusedBefore = inbox.withLock { $0.refusedFailed }
        }
        refuse(group + rest, with: failure)
        for lane in inbox.withLock({ $0.lanes }) { lane.refused(failure, generation: generation) }
        onEvent(.failed(failure))
        if !failure.isFinal { scheduleProbe() }
    }

    func refuse(_ items: [StoreItem], with failure: StoreFailure) {
        inbox.withLock { inbox in
            inbox.release(items)
            inbox.countRefused(items)
        }
        for item in items {
            if case .caller(let done) = item.asker { done(.failure(failure)) }
        }
    }

    private func scheduleProbe() {
        let backoff = pen.withLock { pen in
            defer { pen.backoff = min(pen.backoff * 2, .seconds(5)) }
            return pen.backoff
        }
        queue.asyncAfter(deadline: .now() + .nanoseconds(Int(backoff.clampedNanoseconds))) { self.probe() }
    }

    /// As much as a busy moment writes: a page may still fit where a group does not.
    private static let probeBytes = 65_536

    private func probe() {
        guard inbox.withLock({ !$0.isClosed && $0.failure != nil }) else { return }
        do {
            try database.writeWithoutTransaction { database in
                try setSynchronous(true, database)
                try database.execute(
                    sql: "INSERT OR REPLACE INTO state VALUES ('probe', zeroblob(\(Self.probeBytes)))")
                try database.execute(sql: "DELETE FROM state WHERE name = 'probe'")
            }
            heal()
        } catch {
            let failure = StoreFailure(error, path: settings.path)
            inbox.withLock { $0.failure = failure }
            if failure.isFinal { onEvent(.failed(failure)) } else { scheduleProbe() }
        }
    }

    private func heal() {
        let refused = inbox.withLock { inbox in
            inbox.failure = nil
            return inbox.refusedFailed
        }
        let (lasted, before) = pen.withLock { pen in
            pen.backoff = .milliseconds(100)
            return (ContinuousClock.now - pen.failedAt, pen.refusedBefore)
        }
        onEvent(.healed(after: lasted, refused: refused &- before))
    }
}

extension Database {
    /// Of the file, without the pages that are free.
    func bytesInUse() throws -> Int {
        let pages = try Int.fetchOne(cachedStatement(sql: "PRAGMA page_count")) ?? 0
        let free = try Int.fetchOne(cachedStatement(sql: "PRAGMA freelist_count")) ?? 0
        let size = try Int.fetchOne(cachedStatement(sql: "PRAGMA page_size")) ?? 0
        return (pages - free) * size
    }
}
