package import BelfryBytes
private import Synchronization

/// The budgets of a whole node, shared by all its event loops.
///
/// One user may hold connections on every loop and still has one budget, so the table is shared: cut into
/// shards, each behind its own lock, held for one look-up of 50 to 150 ns. A command takes one lock per
/// budget it is charged to; a delivery takes none.
package struct SharedLimits: Sendable {
    private final class Shard: Sendable {
        let table: Mutex<LimitTable>

        init(capacity: Int) { table = Mutex(LimitTable(capacity: capacity)) }
    }

    /// A loop spends a few per cent of a command inside a lock, so 16 loops seldom meet in one of 64.
    private static let shardCount = 64

    private let shards: [Shard]

    /// - Parameter budgets: Budgets to remember at full load; the tables grow to twice as many 16-byte slots,
    ///   since a table that is half empty hardly ever has to forget anybody. A million budgets are 32 MiB.
    package init(budgets: Int) {
        let slots = min(max(budgets, 1), 1 << 28) * 2
        let capacity = (slots + Self.shardCount - 1) / Self.shardCount
        shards = (0..<Self.shardCount).map { _ in Shard(capacity: capacity) }
    }

    /// Spends `cost` units of the key's budget, or says how long to wait.
    ///
    /// Safe from any thread.
    package func take(cost: Int, key: LimitKey, rule: LimitRule, at now: Instant) -> LimitDecision {
        shard(of: key).table.withLock { $0.take(cost: cost, key: key, rule: rule, at: now) }
    }

    /// Budgets that are not full now, for the metric.
    ///
    /// Holds each lock for up to a millisecond at full size.
    package func limitedCount(at now: Instant) -> Int {
        shards.reduce(0) { sum, shard in sum + shard.table.withLock { $0.limitedCount(at: now) } }
    }

    /// Bytes held by the tables.
    package var byteCount: Int {
        shards.reduce(0) { sum, shard in sum + shard.table.withLock { $0.slotCount } * 16 }
    }

    // The table places a key by its low bits, so the shard is taken from the high ones.
    private func shard(of key: LimitKey) -> Shard { shards[Int(key.fingerprint >> 58)] }
}
