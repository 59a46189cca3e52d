private import Synchronization

/// Connections open at once by user and by address, exact over all event loops.
///
/// Memory is bounded by the connections themselves: a key is held while it has at least one, and gone after
/// the last. Every admission must be paired with one release.
package struct ConnectionCounts: Sendable {
    private final class Shard: Sendable {
        let counts = Mutex<[LimitKey: Int]>([:])
    }

    /// What an asker is told.
    package enum Admission: Equatable, Sendable {
        /// Counted; release it when the connection closes.
        case admitted
        /// Not counted: the key already has as many as it may.
        case full(current: Int)
    }

    /// As many as ``SharedLimits`` has; asked once per connection.
    private static let shardCount = 64

    private let shards = (0..<shardCount).map { _ in Shard() }

    package init() {}

    /// Counts a connection of the key, unless it has `limit` already.
    ///
    /// - Parameters:
    ///   - key: The user or the address.
    ///   - limit: The most connections at once; 0 means any number (they are counted all the same).
    /// - Returns: Whether it was counted, and so must be released.
    package func admit(_ key: LimitKey, limit: Int) -> Admission {
        shard(of: key).counts.withLock { counts in
            let current = counts[key] ?? 0
            if limit > 0, current >= limit { return .full(current: current) }
            counts[key] = current &+ 1
            return .admitted
        }
    }

    /// Gives one admission back.
    ///
    /// A release too many is ignored.
    package func release(_ key: LimitKey) {
        shard(of: key).counts.withLock { counts in
            guard let current = counts[key] else { return }
            counts[key] = current > 1 ? current - 1 : nil
        }
    }

    /// Connections of the key now.
    package func count(of key: LimitKey) -> Int {
        shard(of: key).counts.withLock { $0[key] ?? 0 }
    }

    /// Keys with at least one connection.
    package var keyCount: Int {
        shards.reduce(0) { sum, shard in sum + shard.counts.withLock { $0.count } }
    }

    private func shard(of key: LimitKey) -> Shard { shards[Int(key.fingerprint >> 58)] }
}
