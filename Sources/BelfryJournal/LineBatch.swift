import BelfryObserve

/// The lines that go to standard error in one write: those of all events the writer found waiting.
///
/// A write for each line would be a system call for every event of every connection. What stands here is not
/// written yet, so each line keeps what is needed to count it afterwards, as written or as lost.
struct LineBatch: Sendable {
    struct Line: Sendable {
        let kind: EventKind
        let priority: Priority
        let sequence: UInt64?
        /// Where it ends in `bytes`.
        let end: Int
    }

    /// A pipe's default capacity, so that a reader who keeps up takes it in one piece.
    private static let limit = 64 * 1024

    private(set) var bytes: [UInt8] = []
    private(set) var lines: [Line] = []

    /// One line over the limit may stand here, so the limit bounds the memory.
    var isFull: Bool { bytes.count >= Self.limit }

    mutating func add(_ entry: EntryBuffer, of event: Event, _ sequence: UInt64?) {
        LogLine.append(entry, priority: event.priority, to: &bytes)
        lines.append(
            Line(kind: event.kind, priority: event.priority, sequence: sequence, end: bytes.count))
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
    }
}
