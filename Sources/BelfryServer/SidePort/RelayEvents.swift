import BelfryAPI
import BelfryJournal
import BelfryObserve
import BelfrySidePort
import Dispatch

/// The journal of a relay as the side port shows it.
struct RelayEvents: EventService {
    let relay: Relay

    var keys: APIKeys { relay.apiKeys }

    func unixSeconds() -> Int64 { WallClock.unixSeconds() }

    func follow(
        _ filter: EntryFilter, by key: APIKey, from peer: String, after lastID: String?
    ) -> JournalStream? {
        let stream = relay.entries.follow(filter, after: lastID) { [relay] in
            relay.apiKeys.current(key, at: WallClock.unixSeconds())?.allowsEvents == true
        }
        audit("/events/stream", peer, stream == nil ? 503 : 200, key.name)
        return stream
    }

    func refused(_ denial: APIDenial, path: String, actor: String?, peer: String, status: Int) {
        relay.registry.shared.count(.apiDenials(denial.label))
        audit(path, peer, status, actor)
    }

    private func audit(_ path: String, _ peer: String, _ status: Int, _ actor: String?) {
        relay.journal.record(
            .adminRequest(
                peerAddress: peer, method: "GET", path: path, status: status, actor: actor))
    }
}

extension Relay {
    static func makeEntryFeed(
        _ uid: String, _ registry: MetricRegistry, _ journal: Journal, _ pulse: FeedPulse
    ) -> JournalFeed {
        let feed = JournalFeed(
            uid: String(uid.filter(\.isHexDigit).prefix(12)),
            onActive: { feed, isActive in
                guard isActive else { return journal.watch(with: nil) }
                journal.watch(with: { [weak feed] entry, kind, priority, time in
                    feed?.show(entry, kind, priority, at: time)
                })
            }, onLoss: { registry.shared.count(.streamDropped($0)) })
        pulse.add(feed)
        return feed
    }

    /// Ends the streams of entries when there is nothing more to show, and gives those who follow a moment to hear of it.
    ///
    /// Call it on the main thread.
    func endEntries() {
        entries.end()
        // Half a second: one write to a peer that reads.
        let deadline = ContinuousClock.now + .milliseconds(500)
        let pause = DispatchSemaphore(value: 0)
        while !entries.isWritten, ContinuousClock.now < deadline {
            _ = pause.wait(timeout: .now() + .milliseconds(5))
        }
    }
}
