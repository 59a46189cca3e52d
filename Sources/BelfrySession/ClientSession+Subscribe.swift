package import BelfryAuth
import BelfryHub
import BelfryProtocol

// subscribe and sub_refresh (protocol.md 9 and 12.2).

extension ClientSession {
    mutating func subscribe(
        _ request: SubscribeRequest, _ command: UInt32, at clock: SessionClock,
        into actions: inout [SessionAction]
    ) {
        guard let name = channelName(request.channel, command, into: &actions) else { return }
        guard subscriptions[request.channel] == nil else {
            return refuse(.alreadySubscribed, command, into: &actions)
        }
        guard subscriptions.count < policy.channelsMax else {
            return refuse(.limitExceeded, command, into: &actions)
        }
        guard abandoned.count < Self.abandonedMax else {
            return refuse(.tooManyRequests, command, into: &actions)
        }
        guard request.delta.isEmpty || DeltaType(rawValue: request.delta) != nil else {
            return end(.badRequest, into: &actions)
        }
        guard let options = policy.channels.options(of: name) else {
            return refuse(.unknownChannel, command, into: &actions)
        }
        guard options.allowsName(name) else { return refuse(.badRequest, command, into: &actions) }
        guard request.type == 0 else { return refuse(.notAvailable, command, into: &actions) }
        if let token = request.token {
            state = .verifying(.subscribe(request, command: command))
            return actions.append(.verifySubscription(token))
        }
        let decision = decision(.subscribe, on: name, options)
        guard decision.isAllowed else {
            return deny(.subscribe, channel: request.channel, command, into: &actions)
        }
        let terms = SubscribeTerms(
            request: request, options: options, restsOnCapability: decision.rule == .capabilities)
        begin(terms, command, into: &actions)
    }

    /// The outcome of ``SessionAction/verifySubscription(token:)``.
    package mutating func verified(
        subscription result: Result<SubscriptionToken, TokenRefusal>, at clock: SessionClock,
        into actions: inout [SessionAction]
    ) {
        guard case .verifying(let purpose) = state else { return }
        state = .open
        switch purpose {
        case .subscribe(let request, let command):
            subscribed(request, result, command, at: clock, into: &actions)
        case .subscriptionRefresh(let channel, let command):
            subscriptionRefreshed(channel, result, command, at: clock, into: &actions)
        case .connect, .refresh: preconditionFailure("a subscription token answered a connection")
        }
    }

    private mutating func subscribed(
        _ request: SubscribeRequest, _ result: Result<SubscriptionToken, TokenRefusal>, _ command: UInt32,
        at clock: SessionClock, into actions: inout [SessionAction]
    ) {
        switch result {
        case .failure(let refusal):
            actions.append(.note(.tokenRefused(refusal)))
            answer(refusal, at: .subscribe, command, into: &actions)
        case .success(let token):
            if let refusal = token.refusal(channel: request.channel, user: user, client: client) {
                actions.append(.note(.tokenRefused(refusal)))
                return answer(refusal, at: .subscribe, command, into: &actions)
            }
            if isOver(token.expireAt, token.proof, at: clock) {
                return refuse(.expired, command, into: &actions)
            }
            guard let (_, options) = channel(request.channel, command, into: &actions) else { return }
            // The server may have subscribed the client while its token was verified.
            guard subscriptions[request.channel] == nil else {
                return refuse(.alreadySubscribed, command, into: &actions)
            }
            let terms = SubscribeTerms(
                request: request, options: options, token: token.options, expiresAt: token.expireAt,
                proof: token.proof)
            begin(terms, command, into: &actions)
        }
    }

    /// The home answered a subscribe: the reply goes out before any push of the channel.
    mutating func joined(
        _ channel: String, _ answer: SubscribeAnswer, _ command: UInt32, at clock: SessionClock,
        into actions: inout [SessionAction]
    ) {
        if let abandoned = takeAbandoned(channel, command) {
            let wanted = abandoned.subscription.wanted(of: answer)
            guard confirm(abandoned.subscription, fitting(wanted).answer, command, at: clock, into: &actions)
            else { return }
            return confirmEnd(of: abandoned, into: &actions)
        }
        guard var subscription = subscriptions[channel], case .subscribing(command) = subscription.phase
        else { return }
        if subscription.origin == .server {
            return enteredLive(channel, subscription, answer, at: clock, into: &actions)
        }
        if subscription.isServerSide {
            return entered(channel, subscription, answer, at: clock, into: &actions)
        }
        let (answer, fits) = fitting(subscription.wanted(of: answer))
        if !fits, subscription.refusesLoss {
            actions.append(.note(.recovery(.limitExceeded)))
            return failed(channel, .unrecoverablePosition, command, into: &actions)
        }
        subscription.phase = .subscribed
        subscriptions[channel] = subscription
        guard confirm(subscription, answer, command, at: clock, into: &actions) else { return }
        actions.append(
            .join(channel: channel, subscription.options(codec), after: answer.top?.offset ?? 0))
    }

    /// - Returns: Whether the client can be told; if not it is closed, and must not join.
    private mutating func confirm(
        _ subscription: Subscription, _ answer: SubscribeAnswer, _ command: UInt32, at clock: SessionClock,
        into actions: inout [SessionAction]
    ) -> Bool {
        if let outcome = answer.outcome { actions.append(.note(.recovery(outcome))) }
        var result = result(subscription, answer, at: clock)
        guard result.takeForm(for: codec), result.isReadable(by: codec) else {
            end(.inappropriateProtocol, into: &actions)
            return false
        }
        actions.append(.note(.commandAccepted(.subscribe)))
        actions.send { codec.replies.subscribe(id: command, result, into: &$0) }
        return true
    }

    func result(
        _ subscription: Subscription, _ answer: SubscribeAnswer, at clock: SessionClock
    ) -> SubscribeResult {
        var result = SubscribeResult()
        result.expiry = clock.expiry(at: subscription.expiresAt)
        result.data = subscription.data
        result.wasRecovering = subscription.wasRecovering
        result.positioned = subscription.isPositioned
        result.recoverable = subscription.isRecoverable
        if let position = answer.position { result.position = position }
        result.delta = subscription.wantsDelta
        result.publishDebounce = subscription.publishDebounce
        result.publications = answer.publications
        result.recovered = answer.recovered
        return result
    }

    mutating func refreshSubscription(
        _ request: SubRefreshRequest, _ command: UInt32, into actions: inout [SessionAction]
    ) {
        guard request.type == 0 else { return refuse(.notAvailable, command, into: &actions) }
        guard let token = request.token else {
            if request.channel.isEmpty { return end(.badRequest, into: &actions) }
            return refuse(.badRequest, command, into: &actions)
        }
        // centrifuge-python up to 0.5 leaves the channel out: then the token's own names it.
        guard request.channel.isEmpty || isSubscribed(to: request.channel) else {
            return refuse(.permissionDenied, command, into: &actions)
        }
        state = .verifying(.subscriptionRefresh(channel: request.channel, command: command))
        actions.append(.verifySubscription(token))
    }

    private mutating func subscriptionRefreshed(
        _ named: String, _ result: Result<SubscriptionToken, TokenRefusal>, _ command: UInt32,
        at clock: SessionClock, into actions: inout [SessionAction]
    ) {
        switch result {
        case .failure(let refusal):
            actions.append(.note(.tokenRefused(refusal)))
            answer(refusal, at: .subscriptionRefresh, command, into: &actions)
        case .success(let token):
            let channel = named.isEmpty ? token.channel : named
            if let refusal = token.refusal(channel: channel, user: user, client: client) {
                actions.append(.note(.tokenRefused(refusal)))
                return answer(refusal, at: .subscriptionRefresh, command, into: &actions)
            }
            guard isSubscribed(to: channel) else {
                return refuse(.permissionDenied, command, into: &actions)
            }
            if isOver(token.expireAt, token.proof, at: clock) {
                return refuse(.expired, command, into: &actions)
            }
            let end = effectiveExpiry(token.expireAt)
            subscriptions[channel]?.expiresAt = end
            subscriptions[channel]?.mark = SubscriptionMark(token.proof)
            actions.append(.note(.commandAccepted(.refresh)))
            let expiry = clock.expiry(at: end)
            actions.send { codec.replies.subRefresh(id: command, expiry, into: &$0) }
        }
    }
}
