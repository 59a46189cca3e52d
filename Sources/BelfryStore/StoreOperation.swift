import BelfryBroker
import BelfryProtocol

/// One change to be written.
enum StoreOperation: Sendable {
    case append(Reservation, isRelaxed: Bool)
    /// A stream was begun, or used without a publication.
    case note(StoredStream, isRelaxed: Bool)
    /// Drops a stream's publications.
    case clear(channel: String)
    case save(StoredRecord)
    case remove(kind: String, key: String)

    /// Memory while it waits, roughly.
    var byteCount: Int {
        switch self {
        case .append(let reservation, _): Self.fixed + reservation.stored.publication.data.count
        case .save(let record): Self.fixed + record.data.count
        case .note, .clear, .remove: Self.fixed
        }
    }

    /// The values' own places, a channel's name, a key, who published.
    static let fixed = 384
}

/// A change on its way to the disk.
struct StoreItem: Sendable {
    enum Asker: Sendable {
        /// Nobody waits.
        case nobody
        /// The lane counts what is on disk.
        case lane
        case caller(@Sendable (Result<Void, StoreFailure>) -> Void)
    }

    let operation: StoreOperation
    /// Whose share of the queue it takes.
    let lane: Int
    let asker: Asker
    let byteCount: Int

    init(_ operation: StoreOperation, lane: Int, asker: Asker) {
        self.operation = operation
        self.lane = lane
        self.asker = asker
        byteCount = operation.byteCount
    }

    var isAwaited: Bool { if case .nobody = asker { false } else { true } }
}
