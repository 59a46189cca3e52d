package import BelfryBroker
package import BelfryBytes
package import BelfryProtocol

// What travels between a connection's loop and a channel's home loop.

/// One connection, as the hub knows it: a loop and an opaque number there.
package struct SubscriberID: Hashable, Sendable {
    package let loop: Int
    /// The loop's own name for the connection, generation included, so a late answer never reaches a successor.
    package let connection: UInt64

    package init(loop: Int, connection: UInt64) {
        self.loop = loop
        self.connection = connection
    }
}

/// A command that waits for its channel's home.
package struct CommandTicket: Hashable, Sendable {
    package let subscriber: SubscriberID
    /// The client's command id, echoed in the reply.
    package let command: UInt32

    package init(subscriber: SubscriberID, command: UInt32) {
        self.subscriber = subscriber
        self.command = command
    }
}

/// How a client takes part in a channel.
package struct Membership: Sendable {
    package let info: ClientInfo
    /// Listed in the channel's presence.
    package let isPresent: Bool
    /// Its join and leave are published.
    package let isAnnounced: Bool

    package init(info: ClientInfo, isPresent: Bool, isAnnounced: Bool) {
        self.info = info
        self.isPresent = isPresent
        self.isAnnounced = isAnnounced
    }
}

/// Asked of a channel's home loop.
///
/// Requests of one loop arrive in the order in which they were made.
package enum HubRequest: Sendable {
    case subscribe(channel: String, Membership, CommandTicket)
    /// Follows each subscribe once, even one that failed or has not been answered yet.
    case unsubscribe(channel: String, Membership, SubscriberID)
    case publish(channel: String, Publication, receivedAt: Instant, CommandTicket)
    case presence(channel: String, CommandTicket)
    case presenceStatistics(channel: String, CommandTicket)

    /// The channel whose home must see the request.
    package var channel: String {
        switch self {
        case .subscribe(let channel, _, _), .unsubscribe(let channel, _, _), .publish(let channel, _, _, _),
            .presence(let channel, _), .presenceStatistics(let channel, _):
            channel
        }
    }
}

/// The home's answer to one command.
package enum HubAnswer: Sendable {
    case subscribed(channel: String, StreamPosition)
    case published
    case presence([ClientInfo])
    case presenceStatistics(PresenceStatistics)
    case subscribeFailed(channel: String, BrokerFailure)
    case publishFailed(BrokerFailure)
}

/// Sent by a channel's home loop to a loop with members.
package enum HubDelivery: Sendable {
    case answer(CommandTicket, HubAnswer)
    /// A publication, encoded once, for every member of the channel on that loop.
    case publication(channel: String, OutboundFrame)
    /// A join or leave, encoded once, for the members that want them.
    case joinOrLeave(channel: String, OutboundFrame)
}

/// What the home encodes once for all receivers.
package enum HubPush: Sendable {
    case publication(channel: String, Publication)
    case join(channel: String, ClientInfo)
    case leave(channel: String, ClientInfo)
}

/// Which loop numbers a channel.
package enum ChannelHome {
    /// FNV-1a over the channel's name, then a mix.
    ///
    /// FNV alone hardly carries the last characters of a short name into its high bits. Cheap, the same on every loop,
    /// and no secret is at stake.
    package static func loop(of channel: String, among loops: Int) -> Int {
        guard loops > 1 else { return 0 }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in channel.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ (hash >> 32)) &* 0xd6e8_feb8_6659_fd93
        return Int(truncatingIfNeeded: (hash >> 32) % UInt64(loops))
    }
}
