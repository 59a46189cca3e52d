import BelfryBytes
import BelfryLimits
import BelfryObserve
import Synchronization

/// Episodes of refusals over all loops: one journal entry when a limit engages, one when it lets go.
///
/// A lock is fine here: only refusals come by, and a client that is refused has time.
final class LimitWatch: Sendable {
    private let episodes = Mutex(LimitEpisodes<SubjectContext?>())
    private let sink: any EventSink
    private let policy: LimitPolicy

    init(sink: any EventSink, policy: LimitPolicy) {
        self.sink = sink
        self.policy = policy
    }

    /// Users, connections, channels and addresses that are being refused now.
    var count: Int { episodes.withLock { $0.count } }

    /// Users, by their own budget or one of their connections', that are being refused now.
    var throttledUsers: Int {
        episodes.withLock { $0.count(of: .user) + $0.count(of: .connection) }
    }

    func refused(_ scope: LimitScope, _ key: LimitKey, subject: SubjectContext?, at now: Instant) {
        let transition = episodes.withLock { $0.refused(scope: scope, key: key, at: now) { subject } }
        if let transition { record(transition) }
    }

    /// Reports the episodes that are over; called about once a second, off the loops.
    func settle(at now: Instant) {
        for transition in episodes.withLock({ $0.releases(at: now) }) { record(transition) }
    }

    /// Reports all that are open, at the end of the process.
    func settleAll() {
        for transition in episodes.withLock({ $0.releaseAll() }) { record(transition) }
    }

    private func record(_ transition: LimitEpisodes<SubjectContext?>.Transition) {
        switch transition {
        case .engaged(let scope, let subject):
            sink.record(
                .ratelimitEngaged(
                    subject, scope: scope.rawValue, limit: policy.description(of: scope), rate: ""))
        case .released(let scope, let subject, let denied, let duration):
            sink.record(
                .ratelimitReleased(subject, scope: scope.rawValue, denied: denied, duration: duration))
        }
    }
}

extension LimitPolicy {
    /// The rules of a scope, as configured.
    fileprivate func description(of scope: LimitScope) -> String {
        let rules: [(String, LimitRule?)] =
            switch scope {
            case .user:
                [
                    ("publish", user.publish), ("subscribe", user.subscribe), ("presence", user.presence),
                    ("commands", user.commands),
                ]
            case .connection: [("commands", connectionCommands)]
            case .channel: [("publish", channelPublish)]
            case .address: [("handshakes", address.handshakes)]
            }
        return rules.compactMap { name, rule in rule.map { "\(name) \($0)" } }.joined(separator: ", ")
    }
}
