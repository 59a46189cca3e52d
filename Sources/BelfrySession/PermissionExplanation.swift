package import BelfryHub
package import BelfryProtocol

// The answer to "why?": the same rules as for a command, each asked what it found. Nothing here runs for a client.

/// What each rule had to say to a question, in their order, up to the one that decided.
package struct PermissionExplanation: Equatable, Sendable {
    package struct Step: Equatable, Sendable {
        /// The rule's name, such as `client option`.
        package let rule: String
        package let effect: PermissionFinding.Effect
        /// One clause, such as `allow_publish_for_client is off`.
        package let reason: String
    }

    package let steps: [Step]
    /// The error that answers the command; `nil` when it is allowed, or when the connection is closed for it.
    package let error: ErrorCode?

    package var isAllowed: Bool { steps.last?.effect == .allows }
}

extension ChannelDirectory {
    /// Answers the question as a session would, and says why.
    ///
    /// - Parameters:
    ///   - question: Who wants to do what, and with which rights.
    ///   - channel: As a client would send it; may be no channel's name at all.
    ///   - isInsecure: ``SessionPolicy/isInsecure``.
    /// - Returns: What decided, and what was asked before it.
    package func explain(
        _ question: PermissionQuestion, on channel: String, isInsecure: Bool
    ) -> PermissionExplanation {
        var log = PermissionLog()
        let name: ChannelName
        do {
            name = try ChannelName(channel)
        } catch {
            return log.refused("channel name", error.reason, error.reply)
        }
        log.note("channel name", "it is well formed")
        guard let options = options(of: name) else {
            return log.refused("namespace", "there is no namespace \(name.namespace ?? "")", .unknownChannel)
        }
        log.note("namespace", name.namespace.map { "it is \($0)" } ?? "it has none")
        guard options.allowsName(name) else {
            return log.refused("channel_regex", "it does not match the name", .badRequest)
        }
        guard options.offers(question.action) else {
            return log.refused("feature", question.action.missingFeature, .notAvailable)
        }
        log.note("feature", "the channel offers it")
        let permissions = ChannelPermissions(options: options, isInsecure: isInsecure)
        return log.examined(permissions, name, question)
    }
}

private struct PermissionLog {
    typealias Step = PermissionExplanation.Step

    private var steps: [Step] = []

    mutating func note(_ rule: String, _ reason: String) {
        steps.append(Step(rule: rule, effect: .silent, reason: reason))
    }

    func refused(_ rule: String, _ reason: String, _ error: ErrorCode?) -> PermissionExplanation {
        PermissionExplanation(
            steps: steps + [Step(rule: rule, effect: .refuses, reason: reason)], error: error)
    }

    func examined(
        _ permissions: ChannelPermissions, _ channel: ChannelName, _ question: PermissionQuestion
    ) -> PermissionExplanation {
        let decision = permissions.decision(on: channel, question)
        let asked = PermissionRule.allCases.prefix { $0.rawValue <= decision.rule.rawValue }
        let found = asked.map { rule in
            let finding = rule.finding(on: channel, question, permissions)
            return Step(
                rule: rule.name, effect: finding.effect,
                reason: finding.reason(rule.option(for: question.action)))
        }
        return PermissionExplanation(
            steps: steps + found, error: decision.isAllowed ? nil : .permissionDenied)
    }
}

extension ChannelOptions {
    /// Whether channels have what the action needs at all (error 108 where not).
    package func offers(_ action: ChannelAction) -> Bool {
        switch action {
        case .subscribe, .publish: true
        case .presence: presence
        case .history: history != nil
        }
    }
}

extension ChannelAction {
    fileprivate var missingFeature: String {
        self == .presence ? "presence is off" : "history_size or history_ttl is zero"
    }
}

extension PermissionRule {
    package var name: String {
        switch self {
        case .privateChannel: "private channel"
        case .subscriptionToken: "subscription token"
        case .capabilities: "capabilities"
        case .userLimitedChannel: "user-limited channel"
        case .clientOption: "client option"
        case .subscriberOption: "subscriber option"
        case .insecureMode: "insecure mode"
        case .otherwise: "otherwise"
        }
    }

    /// The channel option that the rule reads, without its `allow_…_for_anonymous` twin.
    fileprivate func option(for action: ChannelAction) -> String {
        switch self {
        case .clientOption: "allow_\(action.rawValue)_for_client"
        case .subscriberOption: "allow_\(action.rawValue)_for_subscriber"
        default: ""
        }
    }
}

extension PermissionFinding {
    fileprivate func reason(_ option: String) -> String {
        switch self {
        case .onlyForSubscribing: "it concerns only subscribing"
        case .onlyForSubscribers: "it concerns only what subscribers do"
        case .isPrivate: "the name begins with $: only a subscription token opens it"
        case .notPrivate: "the name does not begin with $"
        case .tokenOpensPrivate: "the name begins with $, and there is a subscription token"
        case .tokenPresented: "a subscription token for this user and channel is presented"
        case .noToken: "none is presented"
        case .noCapabilities: "the connection token has no caps"
        case .notInCapabilities: "no entry of caps names the channel"
        case .capabilityLacksOperation: "the first entry of caps that names the channel does not allow it"
        case .capabilityGrants: "the first entry of caps that names the channel allows it"
        case .notUserLimited: "the name has no #"
        case .userLimitedOff: "allow_user_limited_channels is off"
        case .userNotListed: "the user is not listed after the #"
        case .userListed: "the user is listed after the #"
        case .userLimitedOnly: "it does not open channels of listed users"
        case .optionOff: "\(option) is off"
        case .notForAnonymous: "\(option) is on, but not for anonymous users"
        case .optionOn: "\(option) is on"
        case .notSubscribed: "\(option) is on, but the user is not subscribed"
        case .secure: "client.insecure is off"
        case .insecure: "client.insecure is on"
        case .nothingAllows: "no rule allows it"
        }
    }
}

extension ChannelNameError {
    fileprivate var reason: String {
        switch self {
        case .empty: "it is empty"
        case .tooLong(let byteCount): "\(byteCount) bytes are more than \(ProtocolLimits.channelNameBytes)"
        case .notPrintableASCII: "it is not printable ASCII"
        case .impossibleNamespace: "what stands before the : cannot be a namespace"
        }
    }
}
