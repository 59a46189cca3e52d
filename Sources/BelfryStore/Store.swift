import BelfryBroker
import BelfryBytes
import Dispatch
import GRDB
import Synchronization

// The durable store: one database, one thread that writes it, and a queue before it.
//
//   loops ─┐  submit            ┌─ group: one transaction, one sync ─┐  outcomes to the lanes, which wake their loops
//   tasks ─┴──▶ inbox (bounded) ┴──────────▶ SQLite ────────────────┴──▶ answers to the callers
//
// Always: (1) what was answered with success was synced before, in the order in which it was submitted; (2) a commit that
// fails refuses its whole group and everything behind it, and none of that is written later; (3) after a failure
// everything is refused at once until a probe has been written, and each lane takes part again when it has taken notice.

/// History, keys and records on disk.
package final class Store: Sendable {
    let settings: StoreSettings
    let database: DatabaseQueue
    /// The open file's.
    private let fileNumber: UInt64?
    /// Serial: all writing happens here.
    let queue = DispatchQueue(label: "belfry.store")
    let inbox: Mutex<StoreInbox>
    let pen: Mutex<StorePen>
    let onEvent: @Sendable (StoreEvent) -> Void

    /// Opens the file, or makes it.
    ///
    /// - Parameters:
    ///   - settings: Where it is and how much it may hold.
    ///   - onEvent: Called on the store's thread.
    /// - Throws: When the file is somebody else's, damaged, in use, or from a later release.
    package init(
        _ settings: StoreSettings, onEvent: @escaping @Sendable (StoreEvent) -> Void = { _ in }
    ) throws(StoreFailure) {
        self.settings = settings
        self.onEvent = onEvent
        database = try StoreSchema.open(path: settings.path)
        fileNumber = StoreSchema.fileNumber(path: settings.path)
        inbox = Mutex(StoreInbox())
        pen = Mutex(StorePen())
        try beginLife()
        scheduleTidying()
    }

    package var records: RecordStore { RecordStore(store: self) }
    package var path: String { settings.path }
    /// `nil` while all is well.
    package var failure: StoreFailure? { inbox.withLock { $0.failure } }

    package var statistics: StoreStatistics {
        var statistics = pen.withLock { $0.statistics }
        inbox.withLock { inbox in
            statistics.refusedFull = inbox.refusedFull
            statistics.refusedFailed = inbox.refusedFailed
            statistics.lost = inbox.lost
            statistics.queueBytes = inbox.byteCounts.reduce(0, +)
        }
        return statistics
    }

    /// Writes what waits and closes the file; whoever asks later is refused.
    package func close() {
        queue.sync {
            flush()
            let rest = inbox.withLock { inbox in
                inbox.isClosed = true
                return inbox.takeAll()
            }
            refuse(rest, with: StoreFailure(.closed, path: settings.path))
            endLife()
            try? database.close()
            inbox.withLock { $0.lanes = [] }
        }
    }

    /// Whether the path still leads to the open file.
    var isInPlace: Bool { StoreSchema.fileNumber(path: settings.path) == fileNumber }

    // MARK: What callers submit

    /// For callers that are no loop; `done` is called once, on the store's thread or at once.
    func submit(_ operation: StoreOperation, done: @escaping @Sendable (Result<Void, StoreFailure>) -> Void) {
        let item = StoreItem(operation, lane: StoreInbox.callers, asker: .caller(done))
        let refusal = inbox.withLock { inbox in
            let refusal = inbox.refusal(
                item.byteCount, of: StoreInbox.callers, generation: nil, settings: settings)
            if refusal == nil { inbox.append(item) }
            return refusal
        }
        if let refusal { return done(.failure(refusal)) }
        wake(isAwaited: true)
    }

    /// Sees to it that the writer runs: at once for who waits, after the gathering time for who does not.
    func wake(isAwaited: Bool) {
        switch inbox.withLock({ $0.nextRun(isAwaited: isAwaited) }) {
        case .now: queue.async { self.flush() }
        case .later:
            queue.asyncAfter(deadline: .now() + .nanoseconds(Int(settings.gatherTime.clampedNanoseconds))) {
                self.flush()
            }
        case .already: break
        }
    }
}
