package import BelfryBroker
import BelfryBytes
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

/// A call of the server API that waits for a channel's home.
package struct CallTicket: Hashable, Sendable {
    /// The loop that passes the answer on.
    package let loop: Int
    /// That loop's own name for the call.
    package let number: UInt64

    package init(loop: Int, number: UInt64) {
        self.loop = loop
        self.number = number
    }
}

/// Who waits for an answer.
package enum Asker: Hashable, Sendable {
    case command(CommandTicket)
    case call(CallTicket)
}

/// How a client takes part in a channel.
package struct Membership: Sendable {
    package let info: ClientInfo
    /// Listed in the channel's presence.
    package let isPresent: Bool
    /// Its join and leave are published.
    package let isAnnounced: Bool
    package let codec: Codec
    /// Publications may reach it as patches.
    package let wantsDelta: Bool
    /// The channel is for one connection: who was there before leaves (protocol.md 18.5, `single_connection`).
    package let isSole: Bool
    /// Its connection takes compressed frames.
    package let takesCompressed: Bool

    package init(
        info: ClientInfo, isPresent: Bool, isAnnounced: Bool, codec: Codec = .json,
        wantsDelta: Bool = false, isSole: Bool = false, takesCompressed: Bool = false
    ) {
        self.info = info
        self.isPresent = isPresent
        self.isAnnounced = isAnnounced
        self.codec = codec
        self.wantsDelta = wantsDelta
        self.isSole = isSole
        self.takesCompressed = takesCompressed
    }
}

/// What a positioned subscriber needs beside membership.
package struct Positioning: Equatable, Sendable {
    package let history: HistoryPolicy
    /// `nil`: only the position is wanted.
    package let recovery: RecoveryRequest?

    package init(history: HistoryPolicy, recovery: RecoveryRequest? = nil) {
        self.history = history
        self.recovery = recovery
    }
}

/// Asked of a channel's home loop.
///
/// Requests of one loop arrive in the order in which they were made.
package enum HubRequest: Sendable {
    /// `nil` positioning: neither positioned nor recoverable.
    case subscribe(channel: String, Membership, Positioning?, CommandTicket)
    /// Follows each subscribe once, even one that failed or has not been answered yet.
    case unsubscribe(channel: String, Membership, SubscriberID)
    case publish(channel: String, Publication, PublishOptions, Asker)
    case history(channel: String, HistoryQuery, HistoryPolicy, Asker)
    case removeHistory(channel: String, Asker)
    case presence(channel: String, Asker)
    case presenceStatistics(channel: String, Asker)

    /// The channel whose home must see the request.
    package var channel: String {
        switch self {
        case .subscribe(let channel, _, _, _), .unsubscribe(let channel, _, _),
            .publish(let channel, _, _, _), .history(let channel, _, _, _), .removeHistory(let channel, _),
            .presence(let channel, _), .presenceStatistics(let channel, _):
            channel
        }
    }
}

/// The good answer to a subscribe.
package struct SubscribeAnswer: Equatable, Sendable {
    /// For the reply: the client's own offset after a recovery in stream mode, else the top (protocol.md 10.3).
    ///
    /// `nil` for a subscription without positioning, as is ``top``.
    package let position: StreamPosition?
    /// Publications above it come as deliveries: ``Member/startsAfter``.
    package let top: StreamPosition?
    /// Recovered ones, ascending, not filtered and without patches.
    package let publications: [Publication]
    /// `nil` when no recovery was asked for.
    package let outcome: RecoveryOutcome?

    package init(
        position: StreamPosition? = nil, top: StreamPosition? = nil, publications: [Publication] = [],
        outcome: RecoveryOutcome? = nil
    ) {
        self.position = position
        self.top = top
        self.publications = publications
        self.outcome = outcome
    }

    /// The same answer with only those recovered publications; it recovered all the same.
    package func keeping(_ isWanted: (Publication) -> Bool) -> SubscribeAnswer {
        SubscribeAnswer(
            position: position, top: top, publications: publications.filter(isWanted), outcome: outcome)
    }

    package var recovered: Bool { outcome == .recovered }
    package var wasRecovering: Bool { outcome != nil }
}

/// The home's answer to one command or call.
package enum HubAnswer: Sendable {
    case subscribed(channel: String, SubscribeAnswer)
    case subscribeFailed(channel: String, BrokerFailure)
    /// Not recovered, and the client would rather not be subscribed then: error 112.
    case positionLost(channel: String, RecoveryOutcome)
    /// Publications are missing between history and live: close 3010, the client tries again.
    case insufficientState(channel: String)
    case published(PublishOutcome)
    case history(HistoryPage)
    case historyRemoved
    case presence([ClientInfo])
    case presenceStatistics(PresenceStatistics)
    /// A publish, history or removal that was not carried out.
    case failed(BrokerFailure)
}

/// Sent by a channel's home loop to a loop with members.
package enum HubDelivery: Sendable {
    case answer(CommandTicket, HubAnswer)
    case reply(CallTicket, HubAnswer)
    /// For every member of the channel on that loop.
    case publication(channel: String, PublicationDelivery)
    /// For the members that want joins and leaves.
    case joinOrLeave(channel: String, PushFrames)
    /// Publications are missing before the next one: ends the positioned members' subscriptions (protocol.md 9.5).
    case insufficientState(channel: String, PositionLoss)
    /// Another connection has taken the place of those that are members now; it is not one of them yet.
    case displaced(channel: String)
}

/// How positioned members came to miss something.
package enum PositionLoss: String, CaseIterable, Sendable {
    /// Found by the publication behind the missing one.
    case gap
    /// The stream has begun anew.
    case restarted
    /// Found by comparing with the broker.
    case check
}

/// What the home encodes once for all receivers.
package enum HubPush: Sendable {
    /// Carries its offset, and with offset 1 the epoch.
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
