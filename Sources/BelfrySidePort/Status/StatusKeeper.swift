package import BelfryObserve
import Synchronization

// One look a second, whoever asks: a status page that is open ten times costs no more than one. Without a follower nothing
// is written as JSON.

/// Keeps what /status tells, and tells those who follow.
package final class StatusKeeper: Sendable {
    private struct State {
        var history = StatusHistory()
        var report: StatusReport?
        var lastFollowed: Duration?
    }

    /// Those who follow /status/stream; one event a second, `status`.
    package let feed: EventFeed
    private let state = Mutex(State())
    /// Who was cut off for so long finds what was missed.
    private static let memory = Duration.seconds(30)

    /// - Parameters:
    ///   - uid: Tells this process's events from those of the one before: hex digits.
    ///   - onLoss: Called for each follower that is cut because it is slow.
    package init(uid: String, onLoss: @escaping @Sendable (SideStream) -> Void = { _ in }) {
        var limits = EventFeed.Limits()
        limits.ringCount = Int(Self.memory.components.seconds)
        // Four kilobytes each: who is a quarter of a minute behind looks anew.
        limits.waiting = 15
        feed = EventFeed(.status, uid: uid, limits: limits, onLoss: onLoss)
    }

    /// `nil` before the first look.
    package var report: StatusReport? { state.withLock { $0.report } }

    /// Takes one look, `uptime` after the start; looks come one at a time, about once a second.
    package func take(_ snapshot: MetricSnapshot, _ facts: StatusFacts, at uptime: Duration) {
        let counts = StatusCounts(snapshot)
        let report = state.withLock { state in
            state.history.add(
                counts, at: uptime, unixSeconds: facts.unixSeconds,
                connections: snapshot[.connectionsOpen(.active)])
            let report = StatusReport(facts, snapshot, state.history, uptime: uptime)
            state.report = report
            return isFollowed(&state, at: uptime) ? report : nil
        }
        guard let report else { return }
        feed.publish("status", String(decoding: report.withoutHistory.json(), as: UTF8.self))
    }

    private func isFollowed(_ state: inout State, at now: Duration) -> Bool {
        if feed.followerCount > 0 { state.lastFollowed = now }
        return state.lastFollowed.map { now - $0 <= Self.memory } ?? false
    }
}
