import BelfryHub
import BelfryObserve
import BelfrySidePort
import Synchronization

/// The alerts of this relay, for whoever asks and whoever follows.
///
/// One thread tells it what has changed; any thread reads.
final class AlertDesk: AlertSource {
    /// Ended alerts that are kept: about a busy night's.
    static let resolvedMax = 100
    /// Alerts whose new numbers are told to followers in one tick; of more, the beginnings and ends are.
    static let updatesMax = 32

    private struct State {
        var firing: [String: AlertRecord] = [:]
        /// Oldest first.
        var resolved: [AlertRecord] = []
    }

    let feed: EventFeed
    let version = BelfryVersion.number
    let startedAt: Double
    private let state = Mutex(State())

    init(feed: EventFeed, startedAt: Double) {
        self.feed = feed
        self.startedAt = startedAt
    }

    func alerts() -> [AlertRecord] { state.withLock { Array($0.firing.values) + $0.resolved } }

    func firing(_ fingerprint: String) -> AlertRecord? { state.withLock { $0.firing[fingerprint] } }

    func began(_ record: AlertRecord) {
        state.withLock { $0.firing[record.fingerprint] = record }
        feed.publish("firing", record.line)
    }

    func ended(_ record: AlertRecord) {
        state.withLock { state in
            state.firing[record.fingerprint] = nil
            state.resolved.append(record)
            if state.resolved.count > Self.resolvedMax { state.resolved.removeFirst() }
        }
        feed.publish("resolved", record.line)
    }

    /// New numbers of alerts that fire.
    func update(_ records: [AlertRecord]) {
        let changed = state.withLock { state in
            records.filter { record in
                guard let known = state.firing[record.fingerprint] else { return false }
                state.firing[record.fingerprint] = record
                return known.evidence != record.evidence
            }
        }
        for record in changed.prefix(Self.updatesMax) { feed.publish("updated", record.line) }
    }

    /// In time proportional to the text, whatever the pattern: the engine that also judges channel names.
    func pattern(_ text: String) -> (@Sendable (String) -> Bool)? {
        guard let pattern = try? ChannelPattern("^(?:\(text))$") else { return nil }
        return { pattern.matches(Array($0.utf8).span) }
    }
}

/// Feeds of the side port, each of which has a sign of life due every 15 seconds.
final class FeedPulse: Sendable {
    private static let interval: UInt64 = 15

    private struct State {
        var feeds: [any SideFeed] = []
        var seconds: UInt64 = 0
    }

    private let state = Mutex(State())

    func add(_ feed: any SideFeed) { state.withLock { $0.feeds.append(feed) } }

    var feeds: [any SideFeed] { state.withLock { $0.feeds } }

    /// Called once a second.
    func tick() {
        let due = state.withLock { state in
            state.seconds &+= 1
            return state.seconds % Self.interval == 0 ? state.feeds : []
        }
        for feed in due { feed.beat() }
    }
}
