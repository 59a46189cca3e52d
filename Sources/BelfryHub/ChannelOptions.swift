package import BelfryBroker

/// What a channel allows, per namespace or for channels without one (protocol.md 18.2).
///
/// Everything is off by default: a client may subscribe to nothing until a rule allows it.
package struct ChannelOptions: Equatable, Sendable {
    /// Keep who is subscribed, for the `presence` and `presence_stats` commands.
    package var presence = false
    /// Publish joins and leaves to subscribers that want them.
    package var joinLeave = false
    /// Push joins and leaves to every subscriber, asked for or not.
    package var forcePushJoinLeave = false

    /// Publications kept; 0 keeps none.
    package var historySize = 0
    /// How long each is kept; zero keeps none.
    package var historyTTL = Duration.zero
    /// How long epoch and top offset are kept after the last use.
    package var historyMetaTTL = HistoryPolicy.defaultMetaTTL
    /// Whether publishers and subscribers wait for the disk, where histories are stored.
    package var durability = Durability.acknowledged
    /// Every subscriber, or who asks for it, is told its position and that it has missed something.
    package var forcePositioning = false
    package var allowPositioning = false
    /// Every subscriber, or who asks for it, gets what it has missed when it comes back.
    package var forceRecovery = false
    package var allowRecovery = false
    package var forceRecoveryMode = RecoveryMode.stream
    /// In cache mode: a recovery is tried on every subscribe.
    package var autoCacheRecover = false

    /// Ways of patching that subscribers may ask for (protocol.md 19).
    package var allowedDeltaTypes: [DeltaType] = []
    /// What clients publish reaches subscribers with delta as patches.
    package var deltaPublish = false
    /// Subscribers may ask for publications by their tags (protocol.md 20).
    package var allowTagsFilter = false

    package var allowSubscribeForClient = false
    package var allowSubscribeForAnonymous = false
    package var allowPublishForClient = false
    package var allowPublishForSubscriber = false
    package var allowPublishForAnonymous = false
    package var allowPresenceForClient = false
    package var allowPresenceForSubscriber = false
    package var allowPresenceForAnonymous = false
    package var allowHistoryForClient = false
    package var allowHistoryForSubscriber = false
    package var allowHistoryForAnonymous = false
    /// Channels with a `#` part may be subscribed by the users listed there, without a token.
    package var allowUserLimitedChannels = false
    /// What a publication's data must be.
    package var publicationDataFormat = PublicationDataFormat.any
    /// Names that clients may use, namespace and `:` left out; `nil` for all.
    package var channelRegex: ChannelPattern?
    /// How long SDKs hold back a client's publications to send only the last (protocol.md 21.5); zero for not at all.
    package var clientPublishDebounceInterval = Duration.zero
    package var subscriptionType = SubscriptionType.stream

    package init() {}

    /// What is kept of the channel's stream; `nil` when it has no history.
    package var history: HistoryPolicy? {
        var policy = HistoryPolicy(size: historySize, ttl: historyTTL, metaTTL: historyMetaTTL)
        policy?.durability = durability
        return policy
    }
}

/// A way of sending what changed in place of the whole.
package enum DeltaType: String, CaseIterable, Sendable {
    case fossil
}

/// The `subscription_type` option: how subscribers follow a channel (protocol.md 21.3).
///
/// A subscribe of another type is answered with error 108.
package enum SubscriptionType: String, CaseIterable, Sendable {
    case stream
}

/// The `publication_data_format` option.
package enum PublicationDataFormat: String, CaseIterable, Sendable {
    /// Any non-empty payload.
    case any = ""
    /// Any JSON value.
    case json
    /// A JSON object.
    case jsonObject = "json_object"
    /// Anything, empty included.
    case binary
}
