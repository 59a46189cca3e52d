import BelfryObserve

/// The way to a journal: journald, or what a test puts in its place.
protocol JournalTransport: Sendable {
    /// Does anybody listen?
    ///
    /// Never blocks.
    func probe() -> Reachability

    /// Hands one entry over.
    ///
    /// Blocks for as long as journald stands still.
    func send(_ entry: EntryBuffer) -> SendResult

    /// Looks for an entry that was handed over.
    func find(_ entry: SentEntry) -> Readback
}

enum Reachability: Sendable, Equatable {
    case listening
    case absent(errno: Int32)
    /// The question failed for a reason of our own, such as want of descriptors; it says nothing of journald.
    case unknown(errno: Int32)
}

enum SendResult: Sendable, Equatable {
    case sent
    case absent
    case oversize
    case failed(errno: Int32)
}

/// What distinguishes an entry of ours: its number, its thread, and not being older than its sending.
struct SentEntry: Sendable {
    let sequence: UInt64
    let threadID: Int32
    /// Microseconds since 1970.
    let sentAt: UInt64
}

enum Readback: Sendable {
    case found
    case missing
    case unreadable
}
