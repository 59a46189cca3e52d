import BelfryAuth
import BelfryBroker
import BelfryHub
import BelfryProtocol

/// What a client asks of a channel, the channel's options, and what a token says over them (protocol.md 9.2).
struct SubscribeTerms {
    let request: SubscribeRequest
    let options: ChannelOptions
    /// The word of a subscription token, or of the connection token's `subs`; it counts before the options.
    var token: SubscriptionOptions?
    /// When the subscription ends without a refresh, in seconds since 1970.
    var expiresAt: Int64?
    /// How the subscription token was verified.
    var proof: TokenProof?
    /// Who subscribes.
    var origin = Subscription.Origin.client
    /// Whoever was in the channel before leaves.
    var isSole = false
    /// No other rule but the connection token's `caps` lets the client in.
    var restsOnCapability = false
    /// `caps` lets the client ask for a position, and for recovery.
    var grantsPosition = false

    var isPresent: Bool { token?.presence ?? options.presence }
    var isAnnounced: Bool { token?.joinLeave ?? options.joinLeave }
    var pushesJoins: Bool { token?.forcePushJoinLeave ?? options.forcePushJoinLeave }

    /// Whether who comes back may get what it has missed.
    var isRecoverable: Bool {
        guard options.history != nil else { return false }
        let isForced = token?.forceRecovery ?? options.forceRecovery
        return isForced || (options.allowRecovery || grantsPosition) && request.recoverable
    }

    var wantsRecovery: Bool { request.recover || options.autoCacheRecover }

    /// Patches need a common order: without one the bases would drift apart (protocol.md 19).
    var wantsDelta: Bool {
        positioning != nil && !request.delta.isEmpty && options.allowedDeltaTypes.contains(.fossil)
    }

    var positioning: Positioning? {
        guard let history = options.history else { return nil }
        guard isRecoverable else {
            let isForced = token?.forcePositioning ?? options.forcePositioning
            let mayAsk = options.allowPositioning || grantsPosition
            let isPositioned = isForced || mayAsk && request.positioned
            return isPositioned ? Positioning(history: history) : nil
        }
        return Positioning(history: history, recovery: wantsRecovery ? recovery : nil)
    }

    private var recovery: RecoveryRequest {
        RecoveryRequest(
            since: request.position, mode: options.forceRecoveryMode,
            refusesLoss: request.flags.contains(.refusesLostPosition))
    }

    func filter() throws(TagsFilterError) -> TagsFilter? {
        guard let root = request.tagsFilter else { return nil }
        guard options.allowTagsFilter else { throw .notAllowed }
        // A patch builds on the publication before, which a filter may have kept back.
        guard request.delta.isEmpty else { throw .combinedWithDelta }
        return try TagsFilter(root)
    }
}
