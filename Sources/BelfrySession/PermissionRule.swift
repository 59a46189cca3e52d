import BelfryAuth
import BelfryHub
import BelfryProtocol

/// The rules that decide whether a client may do something in a channel, in their order (protocol.md 18.3).
///
/// The first that allows or refuses decides. A rule is code and not a table so that a decision costs a few
/// comparisons; what each found is a word, which becomes a sentence only when somebody asks.
package enum PermissionRule: UInt8, CaseIterable, Sendable {
    case privateChannel
    case subscriptionToken
    case capabilities
    case userLimitedChannel
    case clientOption
    case subscriberOption
    case insecureMode
    /// What no rule allows is refused.
    case otherwise

    var next: PermissionRule { PermissionRule(rawValue: rawValue &+ 1) ?? .otherwise }

    func finding(
        on channel: ChannelName, _ question: PermissionQuestion, _ permissions: ChannelPermissions
    ) -> PermissionFinding {
        switch self {
        case .privateChannel: question.privateChannel(channel)
        case .subscriptionToken: question.subscriptionToken
        case .capabilities: question.capability(on: channel)
        case .userLimitedChannel: question.userLimitedChannel(channel, permissions.options)
        case .clientOption: question.clientOption(channel, permissions.options)
        case .subscriberOption: question.subscriberOption(permissions.options)
        case .insecureMode: permissions.isInsecure ? .insecure : .secure
        case .otherwise: .nothingAllows
        }
    }
}

/// What a rule found.
package enum PermissionFinding: UInt8, CaseIterable, Sendable {
    case onlyForSubscribing, onlyForSubscribers
    case isPrivate, notPrivate, tokenOpensPrivate
    case tokenPresented, noToken
    case noCapabilities, notInCapabilities, capabilityLacksOperation, capabilityGrants
    case notUserLimited, userLimitedOff, userNotListed, userListed
    case userLimitedOnly, optionOff, notForAnonymous, optionOn
    case notSubscribed
    case secure, insecure
    case nothingAllows

    package enum Effect: String, Sendable { case allows, refuses, silent }

    package var effect: Effect {
        switch self {
        case .isPrivate, .nothingAllows: .refuses
        case .tokenPresented, .capabilityGrants, .userListed, .optionOn, .insecure: .allows
        default: .silent
        }
    }
}

extension PermissionQuestion {
    private typealias Options = (client: Bool, subscriber: Bool, anonymous: Bool)

    fileprivate func privateChannel(_ channel: ChannelName) -> PermissionFinding {
        guard action == .subscribe else { return .onlyForSubscribing }
        guard channel.isPrivate else { return .notPrivate }
        return hasSubscriptionToken ? .tokenOpensPrivate : .isPrivate
    }

    fileprivate var subscriptionToken: PermissionFinding {
        guard action == .subscribe else { return .onlyForSubscribing }
        return hasSubscriptionToken ? .tokenPresented : .noToken
    }

    fileprivate func capability(on channel: ChannelName) -> PermissionFinding {
        guard !capabilities.isEmpty else { return .noCapabilities }
        guard let operations = capabilities.operations(in: channel.full) else { return .notInCapabilities }
        return operations.contains(action.capability) ? .capabilityGrants : .capabilityLacksOperation
    }

    fileprivate func userLimitedChannel(
        _ channel: ChannelName, _ options: ChannelOptions
    ) -> PermissionFinding {
        guard action == .subscribe else { return .onlyForSubscribing }
        guard channel.isUserLimited else { return .notUserLimited }
        guard options.allowUserLimitedChannels else { return .userLimitedOff }
        return channel.allows(user: user) ? .userListed : .userNotListed
    }

    fileprivate func clientOption(_ channel: ChannelName, _ options: ChannelOptions) -> PermissionFinding {
        if action == .subscribe, channel.isUserLimited { return .userLimitedOnly }
        let options = self.options(options)
        guard options.client else { return .optionOff }
        return user.isEmpty && !options.anonymous ? .notForAnonymous : .optionOn
    }

    fileprivate func subscriberOption(_ options: ChannelOptions) -> PermissionFinding {
        guard action != .subscribe else { return .onlyForSubscribers }
        let options = self.options(options)
        guard options.subscriber else { return .optionOff }
        guard isSubscribed else { return .notSubscribed }
        return user.isEmpty && !options.anonymous ? .notForAnonymous : .optionOn
    }

    private func options(_ options: ChannelOptions) -> Options {
        switch action {
        case .subscribe:
            (options.allowSubscribeForClient, false, options.allowSubscribeForAnonymous)
        case .publish:
            (
                options.allowPublishForClient, options.allowPublishForSubscriber,
                options.allowPublishForAnonymous
            )
        case .presence:
            (
                options.allowPresenceForClient, options.allowPresenceForSubscriber,
                options.allowPresenceForAnonymous
            )
        case .history:
            (
                options.allowHistoryForClient, options.allowHistoryForSubscriber,
                options.allowHistoryForAnonymous
            )
        }
    }
}
