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
    ///
    /// Reads files, however long that takes; for a thread that nobody waits for.
    func find(_ entry: SentEntry) -> Readback

    /// BELFRY_CHAIN of the newest audit entry of any Belfry; `nil` when there is none, or nothing may be read.
    func newestChain() -> ChainValue?
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

/// What distinguishes an entry: no other has its chain value.
struct SentEntry: Sendable {
    let sequence: UInt64
    let chain: ChainValue
    /// Microseconds since 1970.
    let sentAt: UInt64
}

enum Readback: Sendable {
    case found
    case missing
    /// Not there, and neither is anything else from that time: old entries make room for new ones.
    case expired
    case unreadable
}
