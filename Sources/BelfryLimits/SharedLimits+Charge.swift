package import BelfryBytes

/// The budgets a connection carries itself: 16 bytes, no lock.
package struct ConnectionLimits: Equatable, Sendable {
    fileprivate var commands = LimitState()
    fileprivate var refusals = LimitState()

    package init() {}
}

/// Why a request is over a limit.
package struct LimitRefusal: Equatable, Sendable {
    /// Whose budget is spent.
    package let scope: LimitScope
    /// When it is worth trying again.
    package let retryAfter: Duration

    package init(scope: LimitScope, retryAfter: Duration) {
        self.scope = scope
        self.retryAfter = retryAfter
    }
}

/// What to do with a command.
package enum LimitOutcome: Equatable, Sendable {
    case admitted
    /// Dry run: count and report the refusal, then go on.
    case wouldRefuse(LimitRefusal)
    /// Answer error 111 (temporary, so SDKs retry) and drop the command.
    case refused(LimitRefusal)
    /// The connection has been refused too often: close it with 3013.
    case disconnect(LimitRefusal)

    /// The `decision` label of `belfry_ratelimit_decisions_total`.
    package var label: String {
        switch self {
        case .admitted: "allow"
        case .wouldRefuse: "dry_run"
        case .refused, .disconnect: "deny"
        }
    }
}

extension SharedLimits {
    /// Numbers that keep the budgets of one key apart.
    private enum Budget {
        static let publish: UInt8 = 1
        static let subscribe: UInt8 = 2
        static let presence: UInt8 = 3
        static let commands: UInt8 = 4
        static let guestTokens: UInt8 = 5
    }

    /// Charges a command to everything it counts against: user, then connection, then channel.
    ///
    /// The first empty budget refuses. What was paid before it stays paid: a client over its limit should
    /// slow down.
    ///
    /// - Parameters:
    ///   - operation: The command.
    ///   - user: `nil` for an anonymous user, who has no budget but the connection's and the address's.
    ///   - connection: The connection's own budgets, changed in place.
    ///   - channel: The channel published to; `nil` for other commands.
    ///   - policy: The limits of the node.
    ///   - now: The loop's time.
    /// - Returns: What to do with the command.
    package func charge(
        _ operation: LimitOperation, user: LimitKey?, connection: inout ConnectionLimits, channel: LimitKey?,
        policy: LimitPolicy, at now: Instant
    ) -> LimitOutcome {
        guard policy.enabled else { return .admitted }
        let refusal =
            chargeUser(operation, user, policy.user, now)
            ?? Self.chargeConnection(operation, &connection, policy, now)
            ?? chargeChannel(operation, channel, policy, now)
        guard let refusal else { return .admitted }
        if policy.dryRun { return .wouldRefuse(refusal) }
        if let rule = policy.refusals, connection.refusals.take(cost: 1, rule: rule, at: now) != .allowed {
            return .disconnect(refusal)
        }
        return .refused(refusal)
    }

    /// Charges one TLS handshake to the peer's address.
    package func chargeHandshake(from address: LimitKey, policy: LimitPolicy, at now: Instant) -> LimitOutcome
    {
        charge(address, policy.address.handshakes, policy, now)
    }

    /// Charges one token for a guest of the chat page to the peer's address.
    package func chargeGuestToken(
        for address: LimitKey, policy: LimitPolicy, at now: Instant
    ) -> LimitOutcome {
        charge(address.budget(Budget.guestTokens), policy.address.guestTokens, policy, now)
    }

    private func charge(
        _ address: LimitKey, _ rule: LimitRule?, _ policy: LimitPolicy, _ now: Instant
    ) -> LimitOutcome {
        guard policy.enabled, let rule,
            let refusal = LimitRefusal(.address, take(cost: 1, key: address, rule: rule, at: now))
        else { return .admitted }
        return policy.dryRun ? .wouldRefuse(refusal) : .refused(refusal)
    }

    private func chargeUser(
        _ operation: LimitOperation, _ user: LimitKey?, _ policy: LimitPolicy.User, _ now: Instant
    ) -> LimitRefusal? {
        guard let user else { return nil }
        if let (budget, rule) = Self.ownBudget(of: operation, policy) {
            let decision = take(cost: operation.ownCost, key: user.budget(budget), rule: rule, at: now)
            if let refusal = LimitRefusal(.user, decision) { return refusal }
        }
        guard let rule = policy.commands else { return nil }
        let decision = take(cost: operation.cost, key: user.budget(Budget.commands), rule: rule, at: now)
        return LimitRefusal(.user, decision)
    }

    private static func ownBudget(
        of operation: LimitOperation, _ policy: LimitPolicy.User
    ) -> (UInt8, LimitRule)? {
        switch operation {
        case .publish: policy.publish.map { (Budget.publish, $0) }
        case .subscribe: policy.subscribe.map { (Budget.subscribe, $0) }
        case .presence: policy.presence.map { (Budget.presence, $0) }
        case .other: nil
        }
    }

    private static func chargeConnection(
        _ operation: LimitOperation, _ connection: inout ConnectionLimits, _ policy: LimitPolicy,
        _ now: Instant
    ) -> LimitRefusal? {
        guard let rule = policy.connectionCommands else { return nil }
        return LimitRefusal(
            .connection, connection.commands.take(cost: operation.cost, rule: rule, at: now))
    }

    private func chargeChannel(
        _ operation: LimitOperation, _ channel: LimitKey?, _ policy: LimitPolicy, _ now: Instant
    ) -> LimitRefusal? {
        guard case .publish = operation, let channel, let rule = policy.channelPublish else { return nil }
        return LimitRefusal(.channel, take(cost: operation.ownCost, key: channel, rule: rule, at: now))
    }
}

extension LimitRefusal {
    fileprivate init?(_ scope: LimitScope, _ decision: LimitDecision) {
        guard case .denied(let retryAfter) = decision else { return nil }
        self.init(scope: scope, retryAfter: retryAfter)
    }
}
