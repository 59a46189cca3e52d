import BelfryBroker
import BelfryBytes
import BelfryHub
import BelfryJournal
import BelfryObserve
import BelfryReactor
import BelfryStore

// The store beside the loops: opened before any port is, closed behind the last connection.

extension Relay {
    /// `nil` when nothing is kept on disk.
    static func openStore(
        _ configuration: Configuration, _ journal: Journal, _ registry: MetricRegistry
    ) throws(StartFailure) -> Store? {
        guard configuration.history.store == .sqlite else { return nil }
        // Written by the store's thread alone.
        let shard = registry.makeShard()
        do {
            return try Store(configuration.storeSettings) { event in
                switch event {
                case .committed(let duration):
                    shard.observe(UInt64(clamping: duration.clampedNanoseconds), in: .storeCommit)
                case .failed(let failure):
                    journal.record(.storeFailed(path: failure.path, error: failure.description))
                case .healed(let outage, let refused):
                    journal.record(
                        .storeHealed(path: configuration.history.path, after: outage, refused: refused))
                }
            }
        } catch {
            throw StartFailure(description: "history.path: \(error)")
        }
    }

    /// Reads everything that is stored, each loop's part for itself.
    func openLanes() throws(StartFailure) -> [StoreLane] {
        guard let store else { return [] }
        let loops = mailboxes.count
        do {
            let (lanes, contents) = try store.openLanes(
                loops, limits: StreamLimits().share(of: loops),
                home: { ChannelHome.loop(of: $0, among: loops) },
                // A full mailbox loses nothing: the broker is asked once a second in any case.
                notify: mailboxes.map { mailbox in { _ = mailbox.post(.brokerReady) } })
            journal.record(
                .storeOpened(
                    path: store.path, streams: contents.streams, publications: contents.publications,
                    renewed: contents.renewed, shed: contents.shed))
            return lanes
        } catch {
            throw StartFailure(description: "history.path: \(error)")
        }
    }

    func mirrorStore(to shard: MetricShard) {
        guard let store else { return }
        let statistics = store.statistics
        shard.set(.storeFailing, to: store.failure == nil ? 0 : 1)
        shard.set(.storeBytes, to: Int64(statistics.byteCount))
        shard.set(.storeQueueBytes, to: Int64(statistics.queueBytes))
        shard.mirror(statistics.commits, in: .storeCommits(.success))
        shard.mirror(statistics.failedCommits, in: .storeCommits(.failure))
        shard.mirror(statistics.refusedFull, in: .storeRefused(.queueFull))
        shard.mirror(statistics.refusedFailed, in: .storeRefused(.failed))
        shard.mirror(statistics.lost, in: .storeLost)
        shard.mirror(statistics.prunedPublications, in: .storePruned(.publication))
        shard.mirror(statistics.prunedStreams, in: .storePruned(.stream))
    }
}

extension Configuration {
    fileprivate var storeSettings: StoreSettings {
        StoreSettings(path: history.path, maxBytes: history.maxBytes, queueBytes: history.maxQueue) {
            WallTime(milliseconds: WallClock.unixSeconds() &* 1_000)
        }
    }
}
