import BelfryAuth
import BelfryHub
package import BelfryProtocol

// Server-side subscriptions: the channels that a client enters with its connect (protocol.md 13 and 18.5).
//
//   token good ──▶ every home is asked ──each answer: joined, pushes held──▶ connect reply with all results ──▶ pushes
//
// Always: (1) the connect reply is the first the client hears, though it is a member before: what is published
// meanwhile waits behind the reply (``SessionAction/hold``). (2) All channels or none: one home that fails ends the
// connection with a code on which SDKs come back. (3) The results together keep the bound of one reply.

/// A connect whose channels are being entered.
struct Admission {
    let command: UInt32
    let method: AdmissionMethod
    /// Homes that have not answered.
    var waiting: Int
    var subs: [ServerSubscription] = []
    /// What the recovered publications take of the reply, in bytes.
    var publicationBytes = 0
}

/// Why the channels of a connect cannot be entered.
package enum EntryRefusal: Error {
    case close(DisconnectCode)
    case error(ErrorCode)
}

extension ClientSession {
    /// The channels that token and personal channel name, then those the client wishes and may have, each once.
    func entries(
        _ token: ConnectionToken?, _ wishes: [String: SubscribeRequest]
    ) throws(EntryRefusal) -> [SubscribeTerms] {
        var entries: [String: SubscribeTerms] = [:]
        for subscription in token?.subscriptions ?? [] {
            let channel = subscription.channel
            entries[channel] = try entry(channel, subscription.options, wishes[channel])
        }
        if let personal = policy.personalChannel, let channel = try personal.channel(of: user) {
            if entries[channel] == nil { entries[channel] = try entry(channel, nil, wishes[channel]) }
            entries[channel]?.isSole = personal.isSingle
        }
        for (channel, wish) in wishes where entries[channel] == nil {
            entries[channel] = try wished(channel, wish)
        }
        guard entries.count <= policy.channelsMax else { throw .close(.channelLimit) }
        return Array(entries.values)
    }

    private func entry(
        _ channel: String, _ token: SubscriptionOptions?, _ wish: SubscribeRequest?
    ) throws(EntryRefusal) -> SubscribeTerms {
        guard let name = try? ChannelName(channel) else { throw .error(.badRequest) }
        guard let options = policy.channels.options(of: name) else { throw .error(.unknownChannel) }
        return SubscribeTerms(
            request: request(channel, wish), options: options, token: token, origin: .connect)
    }

    /// What the client could subscribe itself is granted, the rest left out without a word.
    private func wished(
        _ channel: String, _ wish: SubscribeRequest
    ) throws(EntryRefusal) -> SubscribeTerms? {
        guard let name = try? ChannelName(channel), let options = policy.channels.options(of: name) else {
            throw .close(.badRequest)
        }
        guard options.allowsName(name) else { throw .close(.badRequest) }
        let decision = decision(.subscribe, on: name, options)
        guard decision.isAllowed else { return nil }
        return SubscribeTerms(
            request: request(channel, wish), options: options, origin: .connect,
            restsOnCapability: decision.rule == .capabilities)
    }

    /// Only the position of a wish counts: the rest of a server-side subscription is the server's to say.
    private func request(_ channel: String, _ wish: SubscribeRequest?) -> SubscribeRequest {
        var request = SubscribeRequest()
        request.channel = channel
        guard let wish, wish.recover else { return request }
        request.recover = true
        request.recoverable = true
        request.position = wish.position
        return request
    }

    /// Asks the homes of all channels; the connect reply follows the last answer.
    mutating func enter(
        _ entries: [SubscribeTerms], _ admission: Admission, at clock: SessionClock,
        into actions: inout [SessionAction]
    ) {
        guard !entries.isEmpty else { return welcome(admission, at: clock, into: &actions) }
        state = .entering(admission)
        actions.append(.hold)
        for terms in entries { begin(terms, admission.command, into: &actions) }
    }

    /// The home of one of the channels answered.
    mutating func entered(
        _ channel: String, _ subscription: Subscription, _ answer: SubscribeAnswer, at clock: SessionClock,
        into actions: inout [SessionAction]
    ) {
        guard case .entering(var admission) = state else { return }
        let answer = fitting(answer, beside: admission.publicationBytes).answer
        if let outcome = answer.outcome { actions.append(.note(.recovery(outcome))) }
        let result = result(subscription, answer, at: clock)
        guard result.isReadable(by: codec) else { return end(.inappropriateProtocol, into: &actions) }
        subscriptions[channel]?.phase = .subscribed
        actions.append(
            .join(channel: channel, subscription.options(codec), after: answer.top?.offset ?? 0))
        admission.subs.append(ServerSubscription(channel: channel, result: result))
        admission.publicationBytes += policy.byteCount(of: answer.publications)
        admission.waiting -= 1
        state = .entering(admission)
        if admission.waiting == 0 { welcome(admission, at: clock, into: &actions) }
    }
}
