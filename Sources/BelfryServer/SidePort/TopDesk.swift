import BelfryAnomaly
import BelfryAuth
import BelfryBytes
import BelfryReactor
import BelfrySidePort
import Synchronization

// Who causes most of the traffic: within the last minute, from what the detectors are handed anyway; and of the connections
// that are open, from a walk over them. The walk costs the loops some time, so its result stands for a few seconds, whoever
// asks.

/// Keeps the newest answer of /top, and what it needs of the last minute.
final class TopDesk: Sendable {
    private struct State {
        var report: TopReport?
        var madeAt: Instant?
        var recent = RecentTraffic()
        /// Seconds.
        var tickLength = 0.0
    }

    private let state = Mutex(State())
    private let pseudonym: Pseudonym
    /// Ten people who look every five seconds cost one walk in that time.
    private static let freshFor = Duration.seconds(4)

    init(_ pseudonym: Pseudonym) { self.pseudonym = pseudonym }

    /// The newest answer, or one made of what `survey` finds.
    func report(_ survey: () async -> [ConnectionSnapshot]) async -> TopReport {
        let now = MonotonicClock.now()
        let kept = state.withLock { state in
            state.madeAt.flatMap { now - $0 < Self.freshFor ? state.report : nil }
        }
        if let kept { return kept }
        let open = TopReport.tables(await survey(), pseudonym)
        return state.withLock { state in
            let made = TopReport(tables: state.recent.tables(tickLength: state.tickLength) + open)
            (state.report, state.madeAt) = (made, now)
            return made
        }
    }

    /// Takes what all loops together saw in a tick.
    func note(_ sketch: TrafficSketch, isSampled: Bool, tickLength: Duration) {
        state.withLock { state in
            state.recent.add(sketch, isSampled: isSampled)
            state.tickLength = tickLength.seconds
        }
    }

    /// Nobody looks at traffic any more.
    func forgetRecent() { state.withLock { $0.recent = RecentTraffic() } }
}

extension TopReport {
    /// Of open connections, over their life so far.
    static func tables(_ connections: [ConnectionSnapshot], _ pseudonym: Pseudonym) -> [Table] {
        var networks: [String: (connections: UInt64, received: UInt64)] = [:]
        var users: [String: (received: UInt64, sent: UInt64)] = [:]
        var rooms: [String: UInt64] = [:]
        for connection in connections {
            networks[connection.network, default: (0, 0)].connections &+= 1
            networks[connection.network, default: (0, 0)].received &+= connection.messagesIn
            users[connection.subject ?? "", default: (0, 0)].received &+= connection.messagesIn
            users[connection.subject ?? "", default: (0, 0)].sent &+= connection.messagesOut
            for channel in connection.channels { rooms[channel, default: 0] &+= 1 }
        }
        return [
            Table(by: .network, .connections, counts: networks.mapValues(\.connections)),
            Table(by: .network, .received, counts: networks.mapValues(\.received)),
            Table(by: .user, .received, counts: users.mapValues(\.received)),
            Table(by: .user, .sent, counts: users.mapValues(\.sent)),
            Table(by: .room, .members, counts: rooms).renamed(pseudonym.of),
        ]
    }
}

extension RecentTraffic {
    /// None before the first tick has been looked at.
    fileprivate func tables(tickLength: Double) -> [TopReport.Table] {
        guard count > 0 else { return [] }
        let net: (UInt64) -> AlertKey = { .clientNet(ClientNet(bits: $0)) }
        var tables = [
            TopReport.Table(by: .network, .accepted, merged(\.accepts), named: net),
            TopReport.Table(by: .user, .publications, merged(\.senders), named: AlertKey.subject),
            TopReport.Table(by: .room, .publications, merged(\.rooms), named: AlertKey.room),
            TopReport.Table(by: .room, .deliveries, merged(\.deliveries), named: AlertKey.room),
        ]
        for place in tables.indices {
            tables[place].windowSeconds = Double(count) * tickLength
            // Connections are all counted.
            tables[place].isSampled = isSampled && tables[place].measure != .accepted
        }
        return tables
    }
}

extension TopReport.Table {
    fileprivate init(
        by subject: Subject, _ measure: Measure, _ hitters: HeavyHitters?, named key: (UInt64) -> AlertKey
    ) {
        let total = hitters?.total ?? 0
        let ranking = hitters?.ranking.prefix(TopReport.entryLimit) ?? []
        self.init(
            by: subject, measure, total: total, keys: nil,
            entries: ranking.map {
                .init(key: key($0.key).label?.value ?? "", count: $0.count, error: $0.error, of: total)
            })
    }
}

extension TopReport.Table {
    /// Only those who are listed get their pseudonyms made.
    fileprivate func renamed(_ name: (String) -> String) -> TopReport.Table {
        var table = self
        for place in table.entries.indices { table.entries[place].key = name(table.entries[place].key) }
        return table
    }
}

extension ConnectionSnapshot {
    /// What limits and alerts count by: an IPv4 /24 or an IPv6 /64.
    fileprivate var network: String {
        guard let ip = IPAddress(parsing: address) else { return address }
        return ip.network(ipv4Bits: 24, ipv6Bits: 64).description + (ip.isIPv4 ? "/24" : "/64")
    }
}
