import Crypto
import Synchronization

/// Tokens verified a moment ago, so that a reconnect storm costs a hash and not a signature each.
///
/// Holds digests, never tokens. An entry ends with its token, with its key, or after a minute, whichever
/// comes first; the oldest go when the cache is full. Only verified tokens get in, so strangers cannot
/// fill it. It belongs to one verifier and dies with it: after a change of keys the cache starts empty.
package final class TokenCache: Sendable {
    /// The SHA-256 of a token.
    struct Digest: Hashable, Sendable {
        private let words: (UInt64, UInt64, UInt64, UInt64)

        init(_ token: [UInt8]) {
            var bytes = SHA256.hash(data: token).makeIterator()
            func word() -> UInt64 {
                (0..<8).reduce(0) { word, _ in word << 8 | UInt64(bytes.next() ?? 0) }
            }
            words = (word(), word(), word(), word())
        }

        static func == (left: Digest, right: Digest) -> Bool { left.words == right.words }

        func hash(into hasher: inout Hasher) {
            hasher.combine(words.0)  // any eight bytes of a SHA-256 are as good as all
        }
    }

    enum Verified: Sendable {
        case connection(ConnectionToken)
        case subscription(SubscriptionToken)
    }

    struct Entry: Sendable {
        let token: Verified
        /// Seconds since 1970: verified at, and no longer believed from.
        ///
        /// A clock that was set back to before `since` makes the entry unusable too.
        let since: Int64
        let until: Int64
        /// Size of the token in bytes, standing for the memory of what was read out of it.
        let cost: Int
    }

    /// Seconds a verification is believed for: a revoked key is out after that at the latest.
    package static let lifetime: Int64 = 60

    private let state = Mutex(State())
    private let capacity: Int
    private let costLimit: Int

    /// - Parameters:
    ///   - capacity: most entries held; 0 switches the cache off.
    ///   - costLimit: most bytes of tokens held. Ordinary tokens have 300 bytes, the largest 8 KiB.
    package init(capacity: Int = 16_384, costLimit: Int = 16 << 20) {
        self.capacity = max(0, capacity)
        self.costLimit = max(0, costLimit)
    }

    package var count: Int { state.withLock { $0.entries.count } }

    package func removeAll() {
        state.withLock { $0 = State() }
    }

    func entry(_ digest: Digest, now: Int64) -> Entry? {
        state.withLock { state -> Entry? in
            guard let entry = state.entries[digest]?.entry else { return nil }
            if entry.since <= now, now < entry.until { return entry }
            state.remove(digest)
            return nil
        }
    }

    func insert(_ entry: Entry, for digest: Digest) {
        guard capacity > 0, entry.cost <= costLimit, entry.until > entry.since else { return }
        state.withLock { state in
            state.remove(digest)
            while state.entries.count >= capacity || state.cost > costLimit - entry.cost {
                state.removeOldest()
            }
            state.append(entry, digest)
        }
    }

    /// Entries in order of arrival: a queue of digests beside the dictionary.
    ///
    /// The serial tells an entry from an earlier one of the same token, whose place in the queue is then
    /// void.
    private struct State {
        private(set) var entries: [Digest: (entry: Entry, serial: UInt64)] = [:]
        private(set) var cost = 0
        private var queue: [(digest: Digest, serial: UInt64)] = []
        private var head = 0
        private var serial: UInt64 = 0

        mutating func append(_ entry: Entry, _ digest: Digest) {
            serial &+= 1
            queue.append((digest, serial))
            entries[digest] = (entry, serial)
            cost += entry.cost
            compact()
        }

        mutating func remove(_ digest: Digest) {
            guard let removed = entries.removeValue(forKey: digest) else { return }
            cost -= removed.entry.cost
        }

        mutating func removeOldest() {
            let (digest, serial) = queue[head]
            head += 1
            if entries[digest]?.serial == serial { remove(digest) }
        }

        /// Drops what is void when it is half of the queue: so the queue has at most twice as many places
        /// as there are entries, and each place is moved once on average.
        private mutating func compact() {
            guard queue.count > 2 * entries.count + 64 else { return }
            queue = queue[head...].filter { entries[$0.digest]?.serial == $0.serial }
            head = 0
        }
    }
}
