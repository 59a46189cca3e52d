/// Syslog priorities 0 to 7 by their usual names.
@frozen public enum EntryPriority: UInt8, MetricLabel {
    case emerg, alert, crit, err, warning, notice, info, debug
}

/// Why a journal entry was lost.
@frozen public enum EntryLoss: UInt8, MetricLabel {
    case queueFull
    case sendError
    /// Nobody listens on journald's socket.
    case absent
    case oversize
    /// Journald itself said that it dropped it.
    case suppressed
}

/// What became of a request for a guest's token.
@frozen public enum GuestTokenResult: UInt8, MetricLabel {
    case issued
    /// Not from the relay's own page.
    case origin
    /// No usable name.
    case guest
    case limit
    case draining
    case `internal`
}

/// Which way the time of day jumped.
@frozen public enum ClockDirection: UInt8, MetricLabel {
    case forward, backward
}

/// What may run out.
@frozen public enum OverloadResource: UInt8, MetricLabel {
    case descriptors, connections, history, journal
}

/// What is done when something runs out.
@frozen public enum OverloadAction: UInt8, MetricLabel {
    /// No accepts until descriptors are free.
    case pauseAccept
    /// New connections are closed before TLS.
    case rejectConnections
    /// Old history goes before its time.
    case shedHistory
    /// Entries that are no audit are not written.
    case shedInfo
    /// No new clients while audit entries cannot be written.
    case refuseNew
}

/// What follows the relay live through the side port.
@frozen public enum SideStream: UInt8, MetricLabel {
    case alerts, status, tap, events
}

/// The side port's paths.
///
/// Anything unknown is `other`.
@frozen public enum SidePortPath: UInt8, MetricLabel {
    case index, metrics, healthz, livez, readyz, connections, alerts, alertStream, alertmanager, api
    case status, statusStream, top, detectors, tap, eventStream, admin, other

    public var label: String {
        switch self {
        case .index: "/"
        case .metrics: "/metrics"
        case .healthz: "/healthz"
        case .livez: "/livez"
        case .readyz: "/readyz"
        case .connections: "/connections"
        case .alerts: "/alerts"
        case .alertStream: "/alerts/stream"
        case .alertmanager: "/api/v2/alerts"
        case .api: "/api"
        case .status: "/status"
        case .statusStream: "/status/stream"
        case .top: "/top"
        case .detectors: "/detectors"
        case .tap: "/tap"
        case .eventStream: "/events/stream"
        case .admin: "/-"
        case .other: "other"
        }
    }
}

/// The side port's status codes.
@frozen public enum SidePortCode: UInt8, MetricLabel {
    case ok, badRequest, notFound, methodNotAllowed, misdirected, unavailable, other

    private static let codes: [UInt16] = [200, 400, 404, 405, 421, 503]

    public var label: String { Int(rawValue) < Self.codes.count ? "\(Self.codes[Int(rawValue)])" : "other" }

    public init(status: Int) {
        let place = Self.codes.firstIndex { Int($0) == status } ?? Self.codes.count
        self = Self.allCases[place]
    }
}

/// The life of the relay.
@frozen public enum ServiceState: UInt8, MetricLabel {
    case starting
    case serving
    case draining
    /// Serving, but shedding new work.
    case overloaded
}

/// Methods of the server API, and `other` for names that are none.
@frozen public enum APICallMethod: UInt8, MetricLabel {
    case publish, broadcast, subscribe, unsubscribe, disconnect, refresh, presence, presenceStats, history
    case historyRemove, channels, connections, info, block, unblock, revoke, denials, rpc, batch
    case other
}

/// How a call of the server API ended.
@frozen public enum APICallResult: UInt8, MetricLabel {
    case ok
    /// Answered with an error of the protocol, not let in, or not readable.
    case failed
}

/// What was wrong with the key of a call.
@frozen public enum APICallDenial: UInt8, MetricLabel {
    case missing, unknown, expired, scope
}
