import BelfryBroker
import BelfryProtocol
import Dispatch
import GRDB
import Synchronization

// The beginning and the end of a store's life, and what it forgets meanwhile.

extension Store {
    /// Notes that the file is in use: unless the end is noted as well, the process did not end in order.
    ///
    /// A file system without room is met here, before anybody is told that the relay is ready.
    func beginLife() throws(StoreFailure) {
        do {
            try database.writeWithoutTransaction { database in
                let isClean = try Bool.fetchOne(
                    database, sql: "SELECT value FROM state WHERE name = 'clean'")
                if isClean == false { try renewRelaxed(database) }
                try database.execute(sql: "INSERT OR REPLACE INTO state VALUES ('clean', 0)")
                let bytes = try database.bytesInUse()
                pen.withLock { $0.statistics.byteCount = bytes }
            }
        } catch {
            throw StoreFailure(error, path: settings.path)
        }
    }

    /// Relaxed streams may have given offsets that the disk does not know.
    ///
    /// Under another epoch they can not be taken for others.
    private func renewRelaxed(_ database: Database) throws {
        try database.inTransaction(.immediate) {
            let ids = try Int64.fetchAll(database, sql: "SELECT id FROM stream WHERE relaxed")
            for id in ids {
                try database.cachedStatement(sql: "UPDATE stream SET epoch = ? WHERE id = ?")
                    .execute(arguments: [Self.newEpoch(), id])
            }
            pen.withLock { $0.renewed = ids.count }
            return .commit
        }
    }

    private static func newEpoch() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
        return String((0..<8).map { _ in letters[Int.random(in: letters.indices)] })
    }

    /// The file is whole: streams go on where they are, relaxed ones as well unless something of theirs is missing.
    func endLife() {
        guard inbox.withLock({ $0.failure == nil && $0.lost == 0 }) else { return }
        try? database.writeWithoutTransaction { database in
            try setSynchronous(true, database)
            try database.execute(sql: "INSERT OR REPLACE INTO state VALUES ('clean', 1)")
        }
    }

    // MARK: Forgetting

    /// Seconds between two looks for what is over.
    private static let tidyInterval = 10
    /// Rows looked at in one transaction: a few milliseconds, for which commits wait.
    private static let tidyRows = 1_000

    func scheduleTidying() {
        queue.asyncAfter(deadline: .now() + .seconds(Self.tidyInterval)) { [weak self] in
            guard let self, inbox.withLock({ !$0.isClosed }) else { return }
            tidy()
            scheduleTidying()
        }
    }

    /// Removes what is over, a bounded part at a time; commits go between.
    func tidy() {
        guard inbox.withLock({ !$0.isClosed && $0.failure == nil }) else { return }
        guard isInPlace else { return fail([], StoreFailure(.removed, path: settings.path)) }
        let hasMore = (try? removeExpired()) ?? false
        if hasMore { queue.async { [weak self] in self?.tidy() } }
    }

    private func removeExpired() throws -> Bool {
        let now = settings.now().milliseconds
        return try database.writeWithoutTransaction { database in
            try setSynchronous(false, database)
            var hasMore = false
            try database.inTransaction(.immediate) {
                for (table, key) in [
                    ("publication", "stream, offset"), ("key", "channel, key"), ("record", "kind, key"),
                ] {
                    try database.execute(
                        sql: """
                            DELETE FROM \(table) WHERE (\(key)) IN
                            (SELECT \(key) FROM \(table) WHERE expires_at <= ? LIMIT \(Self.tidyRows))
                            """, arguments: [now])
                    if database.changesCount == Self.tidyRows { hasMore = true }
                }
                try removeExpiredStreams(database, now)
                return .commit
            }
            return hasMore
        }
    }

    /// Walks over the streams, some at each look: they live for days, so nobody minds when they stay for hours longer.
    private func removeExpiredStreams(_ database: Database, _ now: Int64) throws {
        let from = pen.withLock { $0.tidied }
        let rows = try Row.fetchAll(
            database.cachedStatement(
                sql: "SELECT id, expires_at FROM stream WHERE id > ? ORDER BY id LIMIT \(Self.tidyRows)"),
            arguments: [from])
        for row in rows where (row[1] as Int64) <= now { try remove(stream: row[0], database) }
        pen.withLock { $0.tidied = rows.count == Self.tidyRows ? rows.last?[0] ?? 0 : 0 }
    }

    private func remove(stream id: Int64, _ database: Database) throws {
        try database.cachedStatement(sql: "DELETE FROM publication WHERE stream = ?").execute(arguments: [id])
        try database.cachedStatement(sql: "DELETE FROM stream WHERE id = ?").execute(arguments: [id])
    }

    // MARK: Pruning

    /// Rows that a commit may remove at least when the file is too large.
    private static let pruneRows = 256
    /// Rows removed between two looks at the size: a row of 1,000 bytes takes a page of 4 KB and more, so that a small file holds
    /// no more than 200 of them.
    private static let pruneStep = 16

    /// Removes what is nearest to its end until the rest fits, some at each commit, so that commits do not wait for it.
    ///
    /// Twice what the commit may have added at most: a file that is too large gets smaller. In small steps, since what is
    /// removed too much is lost: a burst in one commit can be larger than all that fits.
    func pruneIfTooLarge(after added: Int) {
        guard pen.withLock({ $0.statistics.byteCount > settings.maxBytes }) else { return }
        try? database.writeWithoutTransaction { database in
            try setSynchronous(false, database)
            try database.inTransaction(.immediate) {
                var left = max(Self.pruneRows, added * 2)
                while left > 0, try database.bytesInUse() > settings.maxBytes {
                    // Records alone may fill the file, and they stay.
                    guard try prune(min(left, Self.pruneStep), database) > 0 else { break }
                    left -= Self.pruneStep
                }
                return .commit
            }
            let bytes = try database.bytesInUse()
            pen.withLock { $0.statistics.byteCount = bytes }
        }
    }

    /// Returns how many rows are gone.
    private func prune(_ rows: Int, _ database: Database) throws -> Int {
        try database.execute(
            sql: """
                DELETE FROM publication WHERE (stream, offset) IN
                (SELECT stream, offset FROM publication ORDER BY expires_at LIMIT ?)
                """, arguments: [rows])
        let count = database.changesCount
        pen.withLock { $0.statistics.prunedPublications &+= UInt64(count) }
        guard count == 0 else { return count }
        let ids = try Int64.fetchAll(
            database, sql: "SELECT id FROM stream ORDER BY expires_at LIMIT ?", arguments: [rows])
        for id in ids { try remove(stream: id, database) }
        pen.withLock { $0.statistics.prunedStreams &+= UInt64(ids.count) }
        return ids.count
    }
}
