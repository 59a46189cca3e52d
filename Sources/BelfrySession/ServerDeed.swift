package import BelfryAuth
package import BelfryHub
package import BelfryProtocol

/// Which connections a call of the server API means.
package struct ConnectionChoice: Sendable {
    package let user: String
    /// One connection of that user; empty for all.
    package let client: String
    /// Connections to leave alone.
    package let spared: Set<String>

    package init(user: String, client: String = "", spared: Set<String> = []) {
        self.user = user
        self.client = client
        self.spared = spared
    }
}

/// What the server does to a live connection because its operator's backend asks for it (protocol.md 13, 15, 16).
package enum ServerDeed: Sendable {
    case subscribe(ServerSubscribe)
    case unsubscribe(channel: String, UnsubscribeCode)
    case disconnect(DisconnectCode)
    /// The connection ends at that moment, in seconds since 1970, unless it is refreshed; `nil`: never.
    case refresh(until: Int64?)
}

/// A server-side subscription to be made on a live connection.
package struct ServerSubscribe: Sendable {
    /// A valid name.
    package let channel: String
    package let options: ChannelOptions
    /// What counts before the channel's options, as in a token.
    package let override: SubscriptionOptions
    /// Recover what was published after it.
    package let since: StreamPosition?

    package init(
        channel: String, options: ChannelOptions, override: SubscriptionOptions, since: StreamPosition? = nil
    ) {
        self.channel = channel
        self.options = options
        self.override = override
        self.since = since
    }
}

/// One connection as the server API lists it.
package struct UserConnection: Equatable, Sendable {
    package let client: String
    package let user: String
    package let appName: String
    package let codec: Codec
    package let channels: [String]

    package init(client: String, user: String, appName: String, codec: Codec, channels: [String]) {
        self.client = client
        self.user = user
        self.appName = appName
        self.codec = codec
        self.channels = channels
    }
}
