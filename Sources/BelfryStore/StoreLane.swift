import BelfryBroker
import BelfryProtocol
import Synchronization

/// One loop's way to the store and back.
package final class StoreLane: Sendable {
    /// What has become known since the loop last looked.
    struct Outcome {
        /// Operations on disk, the oldest first.
        var committed = 0
        /// Everything behind them was refused.
        var refusal: StoreFailure?
        /// To be given with what is submitted from now on.
        var generation: UInt64 = 0
    }

    let store: Store
    /// Its place in the queue's shares.
    let share: Int
    private let outcome = Mutex(Outcome())
    private let streams: Mutex<StreamTable?>
    private let notify: @Sendable () -> Void

    init(_ store: Store, share: Int, streams: consuming StreamTable, notify: @escaping @Sendable () -> Void) {
        self.store = store
        self.share = share
        self.streams = Mutex(streams)
        self.notify = notify
    }

    /// The loop's broker with the streams that were loaded for it.
    ///
    /// To be called once, on the loop's thread: afterwards the lane has no streams to give.
    package func makeBroker() -> DurableBroker? {
        streams.withLock { streams in
            guard let table = streams.take() else { return nil }
            return DurableBroker(streams: table, lane: self)
        }
    }

    // MARK: From the loop

    /// Why a publication would not be taken now.
    func refusal(of publication: Publication, generation: UInt64) -> StoreFailure? {
        let byteCount = StoreOperation.fixed + publication.data.count
        return store.inbox.withLock {
            $0.refusal(byteCount, of: share, generation: generation, settings: store.settings)
        }
    }

    /// Queues an operation that the loop waits for.
    ///
    /// - Returns: Why it was not taken: a commit may have failed since ``refusal(_:generation:)``.
    func submit(_ operation: StoreOperation, generation: UInt64) -> StoreFailure? {
        let item = StoreItem(operation, lane: share, asker: .lane)
        let refusal = store.inbox.withLock { inbox in
            let refusal = inbox.refusal(
                item.byteCount, of: share, generation: generation, settings: store.settings)
            if refusal == nil { inbox.append(item) }
            return refusal
        }
        if refusal == nil { store.wake(isAwaited: true) }
        return refusal
    }

    /// Queues an operation that nobody waits for.
    ///
    /// - Returns: Whether it was taken.
    @discardableResult
    func tell(_ operation: StoreOperation) -> Bool {
        let item = StoreItem(operation, lane: share, asker: .nobody)
        let isTaken = store.inbox.withLock { inbox in
            guard inbox.hasRoom(for: item, settings: store.settings) else { return false }
            inbox.append(item)
            return true
        }
        if isTaken { store.wake(isAwaited: false) } else { store.missed(operation) }
        return isTaken
    }

    func takeOutcome() -> Outcome {
        outcome.withLock { outcome in
            defer { outcome = Outcome(generation: outcome.generation) }
            return outcome
        }
    }

    // MARK: From the store's thread

    func committed(_ count: Int) {
        let isNews = outcome.withLock { outcome in
            defer { outcome.committed += count }
            return outcome.committed == 0 && outcome.refusal == nil
        }
        if isNews { notify() }
    }

    func refused(_ failure: StoreFailure, generation: UInt64) {
        outcome.withLock { outcome in
            outcome.refusal = failure
            outcome.generation = generation
        }
        notify()
    }
}
