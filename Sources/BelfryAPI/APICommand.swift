package import BelfryProtocol

// What callers ask for, as they wrote it: fields that are absent have their zero value, nothing is checked yet
// (``APIRules`` does). Fields as in Centrifugo's server API.

package enum APICommand: Equatable, Sendable {
    case publish(PublishCommand)
    case broadcast(channels: [String], PublishCommand)
    case subscribe(SubscribeCommand)
    case unsubscribe(UserSelector, channel: String)
    case disconnect(UserSelector, DisconnectOrder)
    case refresh(UserSelector, RefreshOrder)
    case presence(channel: String)
    case presenceStats(channel: String)
    case history(HistoryCommand)
    case historyRemove(channel: String)
    /// `pattern` is empty for all channels.
    case channels(pattern: String)
    /// `expression` is a filter language of Centrifugo PRO, which this server does not speak.
    case connections(UserSelector, expression: String)
    case info
    case block(DenialCommand)
    case unblock(DenialCommand)
    case revoke(DenialCommand)
    case denials
    case rpc
    case batch([BatchItem], isParallel: Bool)
}

/// One command of a batch.
package struct BatchItem: Equatable, Sendable {
    package var method: APIMethod
    package var command: APICommand
}

package struct PublishCommand: Equatable, Sendable {
    /// Empty in a broadcast, which has a list.
    package var channel = ""
    /// One JSON value as it stands in the request, freed of raw line breaks.
    package var data: [UInt8]?
    /// `b64data`: any bytes, in Base64; wins over `data`.
    package var encodedData: String?
    package var tags: [Tag] = []
    package var skipsHistory = false
    package var idempotencyKey = ""
    package var usesDelta = false
    /// 0 for none.
    package var version: UInt64 = 0
    package var versionEpoch = ""

    package init() {}
}

/// Which connections are meant.
package struct UserSelector: Equatable, Sendable {
    package var user = ""
    /// One connection of that user; empty for all.
    package var client = ""
    /// A session of an emulation transport, of which there are none: with one, nobody is meant.
    package var session = ""

    package init() {}
}

package struct SubscribeCommand: Equatable, Sendable {
    package var selector = UserSelector()
    package var channel = ""
    package var info: [UInt8]?
    package var encodedInfo: String?
    package var data: [UInt8]?
    package var encodedData: String?
    package var since: StreamPosition?
    package var override = OptionsOverride()

    package init() {}
}

/// Options of a channel that count otherwise for one subscription; `nil` leaves the channel's own.
package struct OptionsOverride: Equatable, Sendable {
    package var presence: Bool?
    package var joinLeave: Bool?
    package var forcePushJoinLeave: Bool?
    package var forcePositioning: Bool?
    package var forceRecovery: Bool?

    package init() {}
}

package struct DisconnectOrder: Equatable, Sendable {
    /// 0 for the usual one.
    package var code: UInt32 = 0
    package var reason = ""
    /// Connections to keep.
    package var whitelist: [String] = []

    package init() {}
}

package struct RefreshOrder: Equatable, Sendable {
    /// End the connection as expired.
    package var isExpired = false
    /// Seconds since 1970; 0 for never.
    package var expireAt: Int64 = 0

    package init() {}
}

package struct HistoryCommand: Equatable, Sendable {
    package var channel = ""
    package var limit: Int32 = 0
    package var since: StreamPosition?
    package var isReverse = false

    package init() {}
}

/// Every bound on what one call may hold; its bytes are bounded before it comes here.
package enum APILimits {
    /// Channels of one broadcast: each is an own request to its home.
    package static let broadcastChannels = 10_000
    /// Commands of one batch.
    package static let batchCommands = 1_000
    package static let tags = 64
    /// Connections that a disconnect spares.
    package static let whitelist = 1_000
    /// Remembered per publication for the window.
    package static let idempotencyKeyBytes = 255
    package static let patternBytes = 255
    /// Channels in one answer; beyond it the caller is asked for a narrower pattern.
    package static let channels = 10_000
    /// Connections in one answer.
    package static let connections = 1_000
    /// Denials in one answer.
    package static let denials = 100_000
    /// Bytes of publications in one answer to history; then callers read page by page.
    package static let historyBytes = 8 << 20
}
