import BelfryAuth
import BelfryBytes
import BelfryReactor
import BelfrySidePort
import Synchronization

// Who causes most of the traffic, from a walk over the open connections. The walk costs the loops some time, so its
// result stands for a few seconds, whoever asks.

/// Keeps the newest answer of /top.
final class TopDesk: Sendable {
    private struct State {
        var report: TopReport?
        var madeAt: Instant?
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
        let made = TopReport(await survey(), pseudonym)
        state.withLock { $0 = State(report: made, madeAt: now) }
        return made
    }
}

extension TopReport {
    init(_ connections: [ConnectionSnapshot], _ pseudonym: Pseudonym) {
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
        self.init(
            window: "open_connections",
            tables: [
                Table(by: .network, .connections, counts: networks.mapValues(\.connections)),
                Table(by: .network, .received, counts: networks.mapValues(\.received)),
                Table(by: .user, .received, counts: users.mapValues(\.received)),
                Table(by: .user, .sent, counts: users.mapValues(\.sent)),
                Table(by: .room, .members, counts: rooms).renamed(pseudonym.of),
            ])
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
