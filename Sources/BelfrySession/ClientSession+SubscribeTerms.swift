import BelfryAuth
import BelfryHub
package import BelfryProtocol

// How a client takes part in a channel, and in which form it gets what it wants (protocol.md 9.2, 19 and 20).

extension ClientSession {
    /// Asks the channel's home; the reply follows its answer.
    mutating func begin(_ terms: SubscribeTerms, _ command: UInt32, into actions: inout [SessionAction]) {
        let terms = withCapabilities(terms)
        let filter: TagsFilter?
        do {
            filter = try terms.filter()
        } catch {
            return refuse(error.errorCode, command, into: &actions)
        }
        let subscription = subscription(terms, filter, command)
        let channel = terms.request.channel
        subscriptions[channel] = subscription
        actions.append(
            .ask(
                .subscribe(
                    channel: channel, subscription.membership, terms.positioning,
                    CommandTicket(subscriber: subscriber, command: command))))
    }

    private func withCapabilities(_ terms: SubscribeTerms) -> SubscribeTerms {
        guard !capabilities.isEmpty else { return terms }
        var terms = terms
        let granted = capabilities.operations(in: terms.request.channel) ?? []
        terms.grantsPosition = granted.contains(.history)
        return terms
    }

    private func subscription(
        _ terms: SubscribeTerms, _ filter: TagsFilter?, _ command: UInt32
    ) -> Subscription {
        Subscription(
            phase: .subscribing(command: command), origin: terms.origin,
            membership: membership(terms), receivesJoins: receivesJoins(terms),
            isPositioned: terms.positioning != nil, isRecoverable: terms.isRecoverable, filter: filter,
            expiresAt: effectiveExpiry(terms.expiresAt), mark: terms.proof.map(SubscriptionMark.init),
            data: terms.token?.data?.json,
            refusesLoss: terms.request.flags.contains(.refusesLostPosition),
            wasRecovering: terms.wantsRecovery, restsOnCapability: terms.restsOnCapability,
            publishDebounce: UInt32(clamping: terms.options.clientPublishDebounceInterval.milliseconds))
    }

    private func membership(_ terms: SubscribeTerms) -> Membership {
        Membership(
            info: ClientInfo(user: user, client: client, connInfo: info, chanInfo: terms.token?.info?.json),
            isPresent: terms.isPresent, isAnnounced: terms.isAnnounced, codec: codec,
            wantsDelta: terms.wantsDelta, isSole: terms.isSole, takesCompressed: takesCompressed)
    }

    private func receivesJoins(_ terms: SubscribeTerms) -> Bool {
        if terms.pushesJoins { return true }
        guard terms.request.joinLeave, terms.isAnnounced else { return false }
        guard let name = try? ChannelName(terms.request.channel) else { return false }
        return permits(.presence, on: name, terms.options, isSubscribed: true)
    }

    /// Whether a publication with these tags is for this client; to be asked for members with ``MemberOptions/filter``.
    package func wants(_ tags: [Tag], in channel: String) -> Bool {
        subscriptions[channel]?.filter?.matches(tags) ?? true
    }
}

extension Duration {
    /// Parts of one are dropped.
    fileprivate var milliseconds: Int64 {
        components.seconds &* 1_000 &+ components.attoseconds / 1_000_000_000_000_000
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
