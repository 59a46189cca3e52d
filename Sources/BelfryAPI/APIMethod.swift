/// What the server API can be asked for (protocol.md 23): the last part of the path `/api/<method>`.
///
/// A method added here asks for its line in ``APIReader``, in ``APIRunner``, in `ops/openapi.yaml` and in the label of the
/// metric.
package enum APIMethod: String, CaseIterable, Sendable {
    case publish, broadcast, subscribe, unsubscribe, disconnect, refresh
    case presence
    case presenceStats = "presence_stats"
    case history
    case historyRemove = "history_remove"
    case channels, connections, info
    case block, unblock, revoke, denials
    case rpc, batch

    /// It changes something, and is audited.
    package var isWrite: Bool {
        switch self {
        case .publish, .broadcast, .subscribe, .unsubscribe, .disconnect, .refresh, .historyRemove,
            .block, .unblock, .revoke:
            true
        // What a batch changes, its commands do.
        case .presence, .presenceStats, .history, .channels, .connections, .info, .denials, .rpc,
            .batch:
            false
        }
    }
}

/// What a key may be used for.
package enum APIScope: Equatable, Sendable, CaseIterable, RawRepresentable {
    case all
    /// Every method that changes nothing.
    case read
    case method(APIMethod)
    /// Following one user's or one channel's events live, without the contents of messages; ``all`` is not enough.
    case tap
    /// The same with the contents.
    case tapBodies
    /// Following the journal's entries live; ``all`` is not enough.
    case events
    /// What is done to the process itself; ``all`` is not enough.
    case admin

    package init?(rawValue: String) {
        guard let scope = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = scope
    }

    package var rawValue: String {
        switch self {
        case .all: "all"
        case .read: "read"
        case .method(let method): method.rawValue
        case .tap: "tap"
        case .tapBodies: "tap_bodies"
        case .events: "events"
        case .admin: "admin"
        }
    }

    /// A batch needs no scope of its own, and no key has a use for rpc.
    package static let allCases: [APIScope] =
        [.all, .read] + APIMethod.allCases.filter { $0 != .batch && $0 != .rpc }.map { .method($0) }
        + [.tap, .tapBodies, .events, .admin]

    func allows(_ method: APIMethod) -> Bool {
        switch self {
        case .all: true
        case .read: !method.isWrite
        case .method(let own): own == method
        case .tap, .tapBodies, .events, .admin: false
        }
    }
}
