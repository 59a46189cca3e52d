import BelfryAuth
import BelfryBroker
import BelfryHub
package import BelfryProtocol

// On what terms a client takes part in a channel: what it asked for, as far as the channel and its token allow
// (protocol.md 9.2, 19 and 20).

extension ClientSession {
    /// Asks the channel's home; the reply follows its answer.
    mutating func begin(
        _ request: SubscribeRequest, _ options: ChannelOptions, _ token: SubscriptionToken?,
        _ command: UInt32, into actions: inout [SessionAction]
    ) {
        let filter: TagsFilter?
        do {
            filter = try tagsFilter(request, options)
        } catch {
            return refuse(error.errorCode, command, into: &actions)
        }
        let subscription = subscription(request, options, token, filter, command)
        subscriptions[request.channel] = subscription
        actions.append(
            .ask(
                .subscribe(
                    channel: request.channel, subscription.membership, positioning(request, options, token),
                    CommandTicket(subscriber: subscriber, command: command))))
    }

    private func subscription(
        _ request: SubscribeRequest, _ options: ChannelOptions, _ token: SubscriptionToken?,
        _ filter: TagsFilter?, _ command: UInt32
    ) -> Subscription {
        let isPositioned = positioning(request, options, token) != nil
        let wantsDelta = isPositioned && !request.delta.isEmpty && options.allowedDeltaTypes.contains(.fossil)
        return Subscription(
            phase: .subscribing(command: command),
            membership: membership(options, token, wantsDelta: wantsDelta),
            receivesJoins: receivesJoins(request, options, token),
            isPositioned: isPositioned, isRecoverable: isRecoverable(request, options, token),
            filter: filter, expiresAt: effectiveExpiry(token?.expireAt), data: token?.options.data?.json,
            refusesLoss: request.flags.contains(.refusesLostPosition),
            wasRecovering: request.recover || options.autoCacheRecover)
    }

    private func membership(
        _ options: ChannelOptions, _ token: SubscriptionToken?, wantsDelta: Bool
    ) -> Membership {
        Membership(
            info: ClientInfo(user: user, client: client, connInfo: info, chanInfo: token?.options.info?.json),
            isPresent: token?.options.presence ?? options.presence,
            isAnnounced: token?.options.joinLeave ?? options.joinLeave,
            codec: codec, wantsDelta: wantsDelta)
    }

    private func receivesJoins(
        _ request: SubscribeRequest, _ options: ChannelOptions, _ token: SubscriptionToken?
    ) -> Bool {
        if token?.options.forcePushJoinLeave ?? options.forcePushJoinLeave { return true }
        guard request.joinLeave, token?.options.joinLeave ?? options.joinLeave else { return false }
        let permissions = ChannelPermissions(options: options, isInsecure: policy.isInsecure)
        return permissions.mayReadPresence(user: user, isSubscribed: true)
    }

    private func tagsFilter(
        _ request: SubscribeRequest, _ options: ChannelOptions
    ) throws(TagsFilterError) -> TagsFilter? {
        guard let root = request.tagsFilter else { return nil }
        guard options.allowTagsFilter else { throw .notAllowed }
        // A patch builds on the publication before, which a filter may have kept back.
        guard request.delta.isEmpty else { throw .combinedWithDelta }
        return try TagsFilter(root)
    }

    /// Whether who comes back may get what it has missed; a token's word counts before the channel's.
    private func isRecoverable(
        _ request: SubscribeRequest, _ options: ChannelOptions, _ token: SubscriptionToken?
    ) -> Bool {
        guard options.history != nil else { return false }
        let isForced = token?.options.forceRecovery ?? options.forceRecovery
        return isForced || options.allowRecovery && request.recoverable
    }

    private func positioning(
        _ request: SubscribeRequest, _ options: ChannelOptions, _ token: SubscriptionToken?
    ) -> Positioning? {
        guard let history = options.history else { return nil }
        guard isRecoverable(request, options, token) else {
            let isForced = token?.options.forcePositioning ?? options.forcePositioning
            let isPositioned = isForced || options.allowPositioning && request.positioned
            return isPositioned ? Positioning(history: history) : nil
        }
        let wantsRecovery = request.recover || options.autoCacheRecover
        return Positioning(
            history: history, recovery: wantsRecovery ? recovery(request, options) : nil)
    }

    private func recovery(_ request: SubscribeRequest, _ options: ChannelOptions) -> RecoveryRequest {
        RecoveryRequest(
            since: request.position, mode: options.forceRecoveryMode,
            refusesLoss: request.flags.contains(.refusesLostPosition))
    }

    /// Whether a publication with these tags is for this client; to be asked for members with ``MemberOptions/filter``.
    package func wants(_ tags: [Tag], in channel: String) -> Bool {
        subscriptions[channel]?.filter?.matches(tags) ?? true
    }
}

extension Subscription {
    /// What of the missed publications passes the filter; the position counts them all.
    func wanted(of answer: SubscribeAnswer) -> SubscribeAnswer {
        guard let filter else { return answer }
        return answer.keeping { filter.matches($0.tags) }
    }
}

extension SubscribeResult {
    /// Gives the missed publications the form that a subscription with delta reads (protocol.md 19).
    ///
    /// - Returns: Whether each has it.
    mutating func takeForm(for codec: Codec) -> Bool {
        guard delta, codec == .json else { return true }
        let quoted = publications.compactMap { $0.quoted() }
        guard quoted.count == publications.count else { return false }
        publications = quoted
        return true
    }
}
