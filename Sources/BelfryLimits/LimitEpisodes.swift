package import BelfryBytes

// Turns a stream of refusals into one journal entry when trouble begins and one when it is over.
//
//   quiet ──first refusal──▶ engaged ──no refusal for `quietAfter`──▶ released
//
// Always: (1) at most one `engaged` per key and episode; (2) every `engaged` is followed by one `released`;
// (3) at most `capacity` episodes at once. Refusals of further keys are counted and reported as `untracked`.

/// Episodes of refusals by key.
///
/// Costs nothing while nobody is refused.
///
/// - Note: `Token` is what the report shall name, such as a pseudonym; it is made once an episode, when it
///   begins.
package struct LimitEpisodes<Token: Sendable>: Sendable {
    /// A change worth a journal entry.
    package enum Transition: Sendable {
        case engaged(scope: LimitScope, token: Token)
        /// - `denied`: refusals in the episode. `duration`: from the first of them to the last.
        case released(scope: LimitScope, token: Token, denied: UInt64, duration: Duration)
    }

    private struct Episode: Sendable {
        let scope: LimitScope
        let token: Token
        let began: Instant
        var last: Instant
        var denied: UInt64

        var released: Transition {
            .released(scope: scope, token: token, denied: denied, duration: last - began)
        }
    }

    private struct Identity: Hashable {
        let scope: LimitScope
        let key: LimitKey
    }

    private var episodes: [Identity: Episode] = [:]
    private let capacity: Int
    private let quietAfter: Duration
    /// No episode ends before this; spares the walk when there is nothing to find.
    private var nextLook = Instant(nanoseconds: .max)
    /// Refusals of keys that found no room since the last ``takeUntracked()``.
    private var untracked: UInt64 = 0

    /// - Parameters:
    ///   - capacity: Episodes at once; a journal with more open ones at a time helps nobody.
    ///   - quietAfter: Time without a refusal after which an episode is over. Long enough to bridge the waits
    ///     that a client makes between attempts (SDKs back off to 20 s).
    package init(capacity: Int = 1_024, quietAfter: Duration = .seconds(30)) {
        self.capacity = max(1, capacity)
        self.quietAfter = quietAfter
    }

    /// Episodes open now.
    package var count: Int { episodes.count }

    /// Of them, those of one scope.
    package func count(of scope: LimitScope) -> Int { episodes.keys.count { $0.scope == scope } }

    /// Notes a refusal, dry or not.
    ///
    /// - Parameters:
    ///   - scope: Whose budget is spent.
    ///   - key: Whose episode it is.
    ///   - now: The loop's time.
    ///   - token: Called only when an episode begins.
    /// - Returns: `.engaged` for the first refusal of an episode.
    package mutating func refused(
        scope: LimitScope, key: LimitKey, at now: Instant, token: () -> Token
    ) -> Transition? {
        let identity = Identity(scope: scope, key: key)
        if let index = episodes.index(forKey: identity) {
            episodes.values[index].last = max(episodes.values[index].last, now)
            episodes.values[index].denied &+= 1
            return nil
        }
        guard episodes.count < capacity else {
            untracked &+= 1
            return nil
        }
        let token = token()
        episodes[identity] = Episode(scope: scope, token: token, began: now, last: now, denied: 1)
        nextLook = min(nextLook, now + quietAfter)
        return .engaged(scope: scope, token: token)
    }

    /// Ends the episodes that have been quiet long enough.
    ///
    /// Call it about once a second; usually it does nothing.
    package mutating func releases(at now: Instant) -> [Transition] {
        guard now >= nextLook else { return [] }
        var released: [Transition] = []
        nextLook = Instant(nanoseconds: .max)
        for (identity, episode) in episodes {
            let end = episode.last + quietAfter
            guard end <= now else {
                nextLook = min(nextLook, end)
                continue
            }
            episodes[identity] = nil
            released.append(episode.released)
        }
        return released
    }

    /// Ends all episodes, at shutdown, so that each `engaged` has its `released`.
    package mutating func releaseAll() -> [Transition] {
        defer { episodes = [:] }
        return episodes.values.map(\.released)
    }

    /// Refusals since the last call that belong to no episode because the table was full.
    package mutating func takeUntracked() -> UInt64 {
        defer { untracked = 0 }
        return untracked
    }
}
