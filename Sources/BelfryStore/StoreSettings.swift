package import BelfryBroker

/// Where a store is and how much it may hold.
package struct StoreSettings: Sendable {
    /// Of the database; SQLite puts its log beside it under the same name with `-wal`.
    package var path: String
    /// Bytes of the database.
    ///
    /// Above it the publications nearest to their end go early, then the streams used longest ago. Records never do.
    package var maxBytes: Int
    /// Bytes that may wait to be written, over all loops.
    package var queueBytes: Int
    /// How long relaxed publications are gathered into one commit.
    package var gatherTime: Duration
    /// The wall clock: what is stored means the same after a restart.
    package var now: @Sendable () -> WallTime

    package init(
        path: String, maxBytes: Int = 1 << 30, queueBytes: Int = 64 << 20,
        gatherTime: Duration = .milliseconds(100), now: @escaping @Sendable () -> WallTime
    ) {
        self.path = path
        self.maxBytes = maxBytes
        self.queueBytes = queueBytes
        self.gatherTime = gatherTime
        self.now = now
    }
}

/// What the store tells its owner, on the store's own thread.
package enum StoreEvent: Sendable {
    /// A commit failed: everything is refused until ``healed(after:refused:)``.
    case failed(StoreFailure)
    /// Commits work again.
    case healed(after: Duration, refused: UInt64)
    /// One commit and the time it took.
    case committed(Duration)
}

/// What a store has done; counts only ever grow.
package struct StoreStatistics: Equatable, Sendable {
    package var commits: UInt64 = 0
    package var failedCommits: UInt64 = 0
    /// Publications on disk since the start.
    package var publications: UInt64 = 0
    /// Publications and records refused because too much waited.
    package var refusedFull: UInt64 = 0
    /// Publications and records refused because a commit failed.
    package var refusedFailed: UInt64 = 0
    /// Relaxed publications that did not reach the disk.
    package var lost: UInt64 = 0
    /// Publications removed before their end because the file was too large.
    package var prunedPublications: UInt64 = 0
    /// Streams removed before their end because the file was too large.
    package var prunedStreams: UInt64 = 0
    /// Bytes of the database in use.
    package var byteCount = 0
    /// Bytes waiting to be written.
    package var queueBytes = 0

    package init() {}
}

/// What a start has found.
package struct StoreContents: Equatable, Sendable {
    package var streams = 0
    package var publications = 0
    package var keys = 0
    /// Relaxed streams that begin a new epoch because the relay did not end in order.
    package var renewed = 0
    /// Publications and streams on disk for which memory has no room.
    package var shed = 0

    package init() {}
}
