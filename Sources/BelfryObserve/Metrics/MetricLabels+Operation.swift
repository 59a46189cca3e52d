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

/// The side port's paths.
///
/// Anything unknown is `other`.
@frozen public enum SidePortPath: UInt8, MetricLabel {
    case index, metrics, healthz, readyz, connections, alerts, alertStream, alertmanager, api, other

    public var label: String {
        switch self {
        case .index: "/"
        case .metrics: "/metrics"
        case .healthz: "/healthz"
        case .readyz: "/readyz"
        case .connections: "/connections"
        case .alerts: "/alerts"
        case .alertStream: "/alerts/stream"
        case .alertmanager: "/api/v2/alerts"
        case .api: "/api"
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
