package import BelfryAuth
package import BelfryHub
package import BelfryProtocol

/// What a client may want to do in a channel.
package enum ChannelAction: String, CaseIterable, Sendable {
    case subscribe, publish, presence, history

    package var capability: Capabilities.Operations {
        switch self {
        case .subscribe: .subscribe
        case .publish: .publish
        case .presence: .presence
        case .history: .history
        }
    }
}

/// "May this user do that?"; asked of a channel, by a session or by somebody who wants to know why.
package struct PermissionQuestion: Sendable {
    package var action: ChannelAction
    /// `""` is the anonymous user.
    package var user: String
    /// From the connection token.
    package var capabilities: Capabilities
    package var isSubscribed: Bool
    /// A verified subscription token for this user and channel comes with the subscribe.
    package var hasSubscriptionToken: Bool

    package init(
        _ action: ChannelAction, user: String, capabilities: Capabilities = .none, isSubscribed: Bool = false,
        hasSubscriptionToken: Bool = false
    ) {
        self.action = action
        self.user = user
        self.capabilities = capabilities
        self.isSubscribed = isSubscribed
        self.hasSubscriptionToken = hasSubscriptionToken
    }
}

/// The permission rules of a channel.
package struct ChannelPermissions: Sendable {
    package let options: ChannelOptions
    package let isInsecure: Bool

    package init(options: ChannelOptions, isInsecure: Bool) {
        self.options = options
        self.isInsecure = isInsecure
    }

    /// The rule that decides, and what it found.
    package func decision(on channel: ChannelName, _ question: PermissionQuestion) -> PermissionDecision {
        var rule = PermissionRule.privateChannel
        while true {
            let finding = rule.finding(on: channel, question, self)
            // The last rule is never silent, so this ends.
            if finding.effect != .silent { return PermissionDecision(rule: rule, finding: finding) }
            rule = rule.next
        }
    }

    package func allows(_ question: PermissionQuestion, on channel: ChannelName) -> Bool {
        decision(on: channel, question).isAllowed
    }
}

package struct PermissionDecision: Equatable, Sendable {
    package let rule: PermissionRule
    package let finding: PermissionFinding

    package var isAllowed: Bool { finding.effect == .allows }
}
