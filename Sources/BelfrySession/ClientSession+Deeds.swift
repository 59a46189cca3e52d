import BelfryAuth
import BelfryHub
package import BelfryProtocol

// What happens to a live connection without its client: the server API subscribes, unsubscribes, disconnects, refreshes.
//
//   subscribe ──▶ home asked ──answer──▶ push "subscribe", recovered publications, then live ones
//
// The client knows nothing of a subscription until its push, so one that ends before its answer ends in silence; the
// answer, when it comes, is for nobody. Commands of clients have ids from 1: the home is asked with 0.

extension ClientSession {
    /// The id under which live subscriptions are asked for.
    static var serverCommand: UInt32 { 0 }

    /// Whether this connection is meant; one that is not authenticated yet never is.
    package func isMeant(by choice: ConnectionChoice) -> Bool {
        // Byte by byte, unlike `==`, to which U+212A KELVIN SIGN is a K.
        guard user.utf8.count == choice.user.utf8.count, user.utf8.elementsEqual(choice.user.utf8) else {
            return false
        }
        guard choice.client.isEmpty || choice.client == client else { return false }
        return isAuthenticated && !choice.spared.contains(client)
    }

    private var isAuthenticated: Bool {
        if case .entering = state { return true }
        return isOpen
    }

    /// - Returns: Why it was not done, if there is something to say about it.
    package mutating func carryOut(
        _ deed: ServerDeed, at clock: SessionClock, into actions: inout [SessionAction]
    ) -> ErrorCode? {
        switch deed {
        case .subscribe(let order): return subscribe(order, into: &actions)
        case .unsubscribe(let channel, let code): unsubscribe(channel, code, into: &actions)
        case .disconnect(let code): close(code, into: &actions)
        case .refresh(let moment): refresh(until: moment, at: clock, into: &actions)
        }
        return nil
    }

    /// What the server API tells about this connection.
    package var listing: UserConnection {
        UserConnection(client: client, user: user, appName: clientName, codec: codec, channels: channels)
    }

    private mutating func subscribe(
        _ order: ServerSubscribe, into actions: inout [SessionAction]
    ) -> ErrorCode? {
        // A connection that is still entering its channels has not begun: it is too early for more.
        guard isOpen else { return nil }
        if let known = subscriptions[order.channel] { return known.isServerSide ? nil : .alreadySubscribed }
        guard subscriptions.count < policy.channelsMax else { return .limitExceeded }
        var request = SubscribeRequest()
        request.channel = order.channel
        if let since = order.since {
            request.recover = true
            request.recoverable = true
            request.position = since
        }
        let terms = SubscribeTerms(
            request: request, options: order.options, token: order.override, origin: .server)
        begin(terms, Self.serverCommand, into: &actions)
        return nil
    }

    /// The home answered a subscription that the server made.
    mutating func enteredLive(
        _ channel: String, _ subscription: Subscription, _ answer: SubscribeAnswer, at clock: SessionClock,
        into actions: inout [SessionAction]
    ) {
        let answer = fitting(answer).answer
        if let outcome = answer.outcome { actions.append(.note(.recovery(outcome))) }
        let result = result(subscription, answer, at: clock)
        guard result.isReadable(by: codec) else { return end(.inappropriateProtocol, into: &actions) }
        subscriptions[channel]?.phase = .subscribed
        actions.send { codec.pushes.subscribe(channel: channel, result, into: &$0) }
        for publication in answer.publications {
            actions.send { codec.pushes.publication(channel: channel, publication, into: &$0) }
        }
        actions.append(
            .join(channel: channel, subscription.options(codec), after: answer.top?.offset ?? 0))
    }

    /// The home could not: who asked has had its answer.
    mutating func giveUpLive(_ channel: String, into actions: inout [SessionAction]) {
        guard let subscription = subscriptions.removeValue(forKey: channel) else { return }
        giveBack(subscription, of: channel, into: &actions)
    }

    private mutating func unsubscribe(
        _ channel: String, _ code: UnsubscribeCode, into actions: inout [SessionAction]
    ) {
        guard isOpen, let subscription = drop(channel, into: &actions) else { return }
        switch subscription.phase {
        case .subscribed: actions.send { codec.pushes.unsubscribe(channel: channel, code, into: &$0) }
        case .subscribing(let command):
            if subscription.origin == .server { return }
            abandoned.append(
                AbandonedSubscription(
                    channel: channel, subscription: subscription, subscribe: command, end: .byServer(code)))
        }
    }

    private mutating func refresh(
        until moment: Int64?, at clock: SessionClock, into actions: inout [SessionAction]
    ) {
        if let moment, moment <= clock.unixSeconds { return end(.connectionExpired, into: &actions) }
        expiresAt = effectiveExpiry(moment)
    }
}

// Answers that come too late.
extension ClientSession {
    /// Notes that a live subscription ended before its answer.
    mutating func awaitStaleAnswer(of channel: String) { staleAnswers[channel, default: 0] += 1 }

    /// Whether an answer is for a live subscription that is no more.
    ///
    /// A home answers in the order in which it was asked.
    mutating func isStale(_ answer: HubAnswer, _ command: UInt32) -> Bool {
        guard command == Self.serverCommand, let channel = answer.subscribedChannel,
            let count = staleAnswers[channel]
        else { return false }
        staleAnswers[channel] = count > 1 ? count - 1 : nil
        return true
    }
}

extension HubAnswer {
    /// The channel of an answer to a subscribe.
    fileprivate var subscribedChannel: String? {
        switch self {
        case .subscribed(let channel, _), .subscribeFailed(let channel, _), .positionLost(let channel, _),
            .insufficientState(let channel):
            channel
        default: nil
        }
    }
}
