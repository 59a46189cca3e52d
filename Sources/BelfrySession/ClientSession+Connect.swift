package import BelfryAuth
import BelfryProtocol

// connect and refresh (protocol.md 7 and 12.1).

extension ClientSession {
    mutating func greet(
        _ command: Command, at clock: SessionClock, into actions: inout [SessionAction]
    ) {
        guard case .connect(let request) = command.request, command.id != 0 else {
            return end(.badRequest, into: &actions)
        }
        clientName = request.name
        if let token = request.token {
            state = .verifying(.connect(command: command.id, wishes: request.subs))
            actions.append(.verifyConnection(token))
        } else if let upgradeToken {
            admit(upgradeToken, by: .upgradeToken, request.subs, command.id, at: clock, into: &actions)
        } else if policy.isInsecure || policy.allowsAnonymous {
            let method = policy.isInsecure ? AdmissionMethod.insecure : .anonymous
            admit(nil, by: method, request.subs, command.id, at: clock, into: &actions)
        } else {
            actions.append(.note(.tokenRefused(.missing)))
            end(.badRequest, into: &actions)
        }
    }

    /// The outcome of ``SessionAction/verifyConnection(token:)``.
    package mutating func verified(
        connection result: Result<ConnectionToken, TokenRefusal>, at clock: SessionClock,
        into actions: inout [SessionAction]
    ) {
        guard case .verifying(let purpose) = state else { return }
        switch purpose {
        case .connect(let command, let wishes):
            connected(result, wishes, command, at: clock, into: &actions)
        case .refresh(let command): refreshed(result, command, at: clock, into: &actions)
        case .subscribe, .subscriptionRefresh:
            preconditionFailure("a connection token answered a subscription")
        }
    }

    private mutating func connected(
        _ result: Result<ConnectionToken, TokenRefusal>, _ wishes: [String: SubscribeRequest],
        _ command: UInt32, at clock: SessionClock,
        into actions: inout [SessionAction]
    ) {
        switch result {
        case .success(let token):
            state = .greeting
            admit(token, by: .connectToken, wishes, command, at: clock, into: &actions)
        case .failure(let refusal):
            actions.append(.note(.tokenRefused(refusal)))
            switch refusal.answer(at: .connect) {
            case .close(let code): end(code, into: &actions)
            case .error(let error): refuseConnect(error, command, into: &actions)
            }
        }
    }

    private mutating func refuseConnect(
        _ error: ErrorCode, _ command: UInt32, into actions: inout [SessionAction]
    ) {
        state = .unusable(isFirstMessage: true)
        refuse(error, command, into: &actions)
        actions.append(.awaitClose)
    }

    private mutating func admit(
        _ token: ConnectionToken?, by method: AdmissionMethod, _ wishes: [String: SubscribeRequest],
        _ command: UInt32, at clock: SessionClock, into actions: inout [SessionAction]
    ) {
        if let token, isOver(token.expireAt, token.proof, at: clock) {
            return refuseConnect(.expired, command, into: &actions)
        }
        user = token?.user ?? ""
        // Kept before the connection is refused, so that the journal can say whose was one too many.
        self.token = token
        if token != nil, user.isEmpty, policy.tokensNeedUser { return end(.permissionDenied, into: &actions) }
        capabilities = token?.capabilities ?? .none
        guard takeUserSlot() else { return end(.connectionLimit, into: &actions) }
        expiresAt = effectiveExpiry(token?.expireAt)
        info = token?.info?.json
        do {
            let entries = try entries(token, wishes)
            let admission = Admission(command: command, method: method, waiting: entries.count)
            enter(entries, admission, at: clock, into: &actions)
        } catch {
            switch error {
            case .close(let code): end(code, into: &actions)
            case .error(let error): refuseConnect(error, command, into: &actions)
            }
        }
    }

    /// The client is in, and hears so before anything else.
    mutating func welcome(
        _ admission: Admission, at clock: SessionClock, into actions: inout [SessionAction]
    ) {
        state = .open
        actions.append(.note(.authenticated(admission.method)))
        actions.append(.note(.commandAccepted(.connect)))
        var result = connectResult(at: clock)
        result.subs = admission.subs
        var reply: [UInt8] = []
        codec.replies.connect(id: admission.command, result, into: &reply)
        actions.append(admission.subs.isEmpty ? .send(reply) : .release(reply))
        actions.append(.admitted)
    }

    private func connectResult(at clock: SessionClock) -> ConnectResult {
        var result = ConnectResult(client: client, version: policy.version)
        result.expiry = clock.expiry(at: expiresAt)
        if !usesNativePing {
            result.ping = UInt32(clamping: policy.pingSeconds)
            result.pong = policy.pingSeconds > 0
        }
        return result
    }

    mutating func refresh(
        with token: Token?, _ command: UInt32, into actions: inout [SessionAction]
    ) {
        guard let token else { return end(.badRequest, into: &actions) }
        state = .verifying(.refresh(command: command))
        actions.append(.verifyConnection(token))
    }

    private mutating func refreshed(
        _ result: Result<ConnectionToken, TokenRefusal>, _ command: UInt32, at clock: SessionClock,
        into actions: inout [SessionAction]
    ) {
        state = .open
        switch result {
        case .failure(let refusal):
            actions.append(.note(.tokenRefused(refusal)))
            answer(refusal, at: .refresh, command, into: &actions)
        case .success(let token):
            if let refusal = token.refusal(asRefreshFor: user) {
                actions.append(.note(.tokenRefused(refusal)))
                return answer(refusal, at: .refresh, command, into: &actions)
            }
            // Reconnects, and is then told why (protocol.md 12.1).
            if isOver(token.expireAt, token.proof, at: clock) {
                return end(.connectionExpired, into: &actions)
            }
            guard token.channels == self.token?.channels ?? [] else {
                return end(.insufficientState, into: &actions)
            }
            self.token = token
            info = token.info?.json
            expiresAt = effectiveExpiry(token.expireAt)
            actions.append(.note(.commandAccepted(.refresh)))
            let expiry = clock.expiry(at: expiresAt)
            actions.send { codec.replies.refresh(id: command, expiry, into: &$0) }
            replaceCapabilities(with: token.capabilities, into: &actions)
        }
    }
}

extension ConnectionToken {
    /// The channels it has its bearer enter.
    fileprivate var channels: Set<String> { Set(subscriptions.map(\.channel)) }
}
