import BelfryLimits
import BelfryProtocol

// What a command costs its user, its connection and its channel; and how many connections a user may hold.

extension ClientSession {
    /// Charges a command to every budget it counts against; answers it itself when one is empty.
    ///
    /// An unsubscribe is charged but never refused: SDKs close the connection when one fails (protocol.md 11).
    mutating func charge(
        _ command: Command, at clock: SessionClock, into actions: inout [SessionAction]
    ) -> Bool {
        let (operation, channel) = limitedOperation(command.request)
        let limits = policy.limits
        let outcome = limits.budgets.charge(
            operation, user: userKey, connection: &connectionLimits, channel: channel, policy: limits.policy,
            at: clock.monotonic)
        actions.append(.note(.limitDecided(outcome, key: key(of: outcome, channel: channel))))
        switch outcome {
        case .admitted, .wouldRefuse: return true
        case .refused:
            if case .unsubscribe = command.request { return true }
            refuse(.tooManyRequests, command.id, into: &actions)
            return false
        case .disconnect:
            end(.tooManyRequests, into: &actions)
            return false
        }
    }

    private func limitedOperation(_ request: Request) -> (LimitOperation, LimitKey?) {
        switch request {
        case .publish(let publish):
            let isLimited = policy.limits.policy.channelPublish != nil
            return (
                .publish(byteCount: publish.data?.count ?? 0),
                isLimited ? policy.limits.keys.channel(publish.channel) : nil
            )
        case .subscribe: return (.subscribe, nil)
        // Both have long answers.
        case .presence, .presenceStats, .history: return (.presence, nil)
        default: return (.other, nil)
        }
    }

    /// Whose episode of refusals this belongs to.
    private func key(of outcome: LimitOutcome, channel: LimitKey?) -> LimitKey? {
        switch outcome {
        case .admitted: nil
        case .wouldRefuse(let refusal), .refused(let refusal), .disconnect(let refusal):
            switch refusal.scope {
            case .user: userKey
            case .channel: channel
            case .connection, .address: policy.limits.keys.user(client)
            }
        }
    }

    /// Counts this connection against the user's; anonymous users share no identity that could be counted.
    mutating func takeUserSlot() -> Bool {
        guard !user.isEmpty else { return true }
        let key = policy.limits.keys.user(user)
        userKey = key
        let limits = policy.limits.policy
        let limit = limits.enabled && !limits.dryRun ? limits.user.connections : 0
        holdsUserSlot = policy.limits.users.admit(key, limit: limit) == .admitted
        return holdsUserSlot
    }

    mutating func releaseUserSlot() {
        guard holdsUserSlot, let userKey else { return }
        holdsUserSlot = false
        policy.limits.users.release(userKey)
    }
}
