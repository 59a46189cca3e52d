package import BelfryProtocol

/// Who is subscribed to a channel; may live in another backend than publications do.
package protocol PresenceStore {
    /// Notes that a client is present; replaces an entry of the same client.
    mutating func add(_ info: ClientInfo, to channel: String)
    /// Forgets a client; answers at once even if it was not present.
    mutating func remove(client: String, from channel: String)
    /// The clients of a channel, in no particular order.
    func clients(of channel: String) -> [ClientInfo]
    /// How many clients and distinct users are present; the anonymous user `""` counts as one.
    func statistics(of channel: String) -> PresenceStatistics
}

/// The answer to `presence_stats`.
package struct PresenceStatistics: Equatable, Sendable {
    package let clients: Int
    package let users: Int

    package init(clients: Int, users: Int) {
        self.clients = clients
        self.users = users
    }
}

/// Presence of the channels whose home is one loop of the only node.
///
/// Entries leave with their connection, never by age: within one process no client can vanish unnoticed.
package struct MemoryPresence: PresenceStore {
    private struct Channel {
        var clients: [String: ClientInfo] = [:]
        var connectionsPerUser: [String: Int] = [:]
    }

    private var channels: [String: Channel] = [:]

    package init() {}

    package mutating func add(_ info: ClientInfo, to channel: String) {
        let previous = channels[channel, default: Channel()].clients.updateValue(info, forKey: info.client)
        if let previous { forget(user: previous.user, in: channel) }
        channels[channel]?.connectionsPerUser[info.user, default: 0] += 1
    }

    package mutating func remove(client: String, from channel: String) {
        guard let info = channels[channel]?.clients.removeValue(forKey: client) else { return }
        forget(user: info.user, in: channel)
        if channels[channel]?.clients.isEmpty == true { channels[channel] = nil }
    }

    package func clients(of channel: String) -> [ClientInfo] {
        channels[channel].map { Array($0.clients.values) } ?? []
    }

    package func statistics(of channel: String) -> PresenceStatistics {
        guard let channel = channels[channel] else { return PresenceStatistics(clients: 0, users: 0) }
        return PresenceStatistics(clients: channel.clients.count, users: channel.connectionsPerUser.count)
    }

    private mutating func forget(user: String, in channel: String) {
        guard let connections = channels[channel]?.connectionsPerUser[user] else { return }
        channels[channel]?.connectionsPerUser[user] = connections > 1 ? connections - 1 : nil
    }
}
