import BelfryAuth
import BelfryHub
import BelfryProtocol

// What the client may do, and what becomes of it when its token is replaced (protocol.md 12.1 and 18.3).

extension ClientSession {
    func decision(
        _ action: ChannelAction, on channel: ChannelName, _ options: ChannelOptions,
        isSubscribed: Bool = false
    ) -> PermissionDecision {
        let permissions = ChannelPermissions(options: options, isInsecure: policy.isInsecure)
        let question = PermissionQuestion(
            action, user: user, capabilities: capabilities, isSubscribed: isSubscribed)
        return permissions.decision(on: channel, question)
    }

    func permits(
        _ action: ChannelAction, on channel: ChannelName, _ options: ChannelOptions, isSubscribed: Bool
    ) -> Bool {
        decision(action, on: channel, options, isSubscribed: isSubscribed).isAllowed
    }

    /// Why a command of a client was denied, for the journal.
    func reason(_ action: ChannelAction, on channel: String) -> DenialReason {
        guard let name = try? ChannelName(channel), let options = policy.channels.options(of: name) else {
            return .optionOff
        }
        let permissions = ChannelPermissions(options: options, isInsecure: policy.isInsecure)
        let question = PermissionQuestion(
            action, user: user, capabilities: capabilities, isSubscribed: subscriptions[channel] != nil)
        return permissions.denial(on: name, question)
    }

    /// A refresh brought other capabilities: what only the old ones opened is closed.
    mutating func replaceCapabilities(
        with capabilities: Capabilities, into actions: inout [SessionAction]
    ) {
        if capabilities == self.capabilities { return }
        self.capabilities = capabilities
        for (channel, subscription) in subscriptions where subscription.restsOnCapability {
            if !maySubscribe(to: channel) { withdraw(subscription, of: channel, into: &actions) }
            if case .ended = state { return }
        }
    }

    private func maySubscribe(to channel: String) -> Bool {
        guard let name = try? ChannelName(channel), let options = policy.channels.options(of: name) else {
            return false
        }
        return decision(.subscribe, on: name, options).isAllowed
    }

    private mutating func withdraw(
        _ subscription: Subscription, of channel: String, into actions: inout [SessionAction]
    ) {
        // SDKs come back with the whole connection, and without the channel.
        if subscription.isServerSide { return end(.insufficientState, into: &actions) }
        if case .subscribing(let command) = subscription.phase {
            return failed(channel, .permissionDenied, command, into: &actions)
        }
        drop(channel, into: &actions)
        // They ask again, perhaps with a subscription token, and are else told 103: the application hears why.
        actions.send { codec.pushes.unsubscribe(channel: channel, .stateInvalidated, into: &$0) }
    }
}
