import BelfryHub
import BelfryLimits
import BelfryProtocol
import BelfrySession

// What `belfry explain` says. The rules are the sessions' own (``ChannelDirectory/explain(_:on:isInsecure:)``); this adds
// where in the configuration that which they read is set, and what would count besides.

/// An answer to "why may, or may not, this user do that?", to be printed.
struct PermissionReport: Encodable, Equatable {
    struct Setting: Encodable, Equatable {
        /// Full dotted path.
        let key: String
        let value: String
    }

    struct Refusal: Encodable, Equatable {
        let code: UInt32
        let message: String
    }

    struct Rule: Encodable, Equatable {
        let rule: String
        /// `allows`, `refuses`, or `silent`: the next rule is asked.
        let effect: String
        let reason: String
    }

    let action: String
    let channel: String
    let user: String
    /// `nil` for channels without one, and where there is no such namespace.
    let namespace: String?
    let isAllowed: Bool
    /// The error that answers the command; `nil` when it is allowed, or closes the connection.
    let error: Refusal?
    /// What else there is to know, a sentence each.
    let remarks: [String]
    let options: [Setting]
    let rules: [Rule]
    /// What such a command is charged to even where it is allowed.
    let limits: [Setting]
}

extension PermissionReport {
    /// - Parameters:
    ///   - question: Who wants to do what.
    ///   - channel: As a client would send it.
    ///   - configuration: Of the relay that would be asked.
    ///   - remarks: What was found about the token.
    init(
        _ question: PermissionQuestion, on channel: String, _ configuration: Configuration, remarks: [String]
    ) {
        let why = configuration.explain(question, on: channel)
        let name = try? ChannelName(channel)
        action = question.action.rawValue
        self.channel = channel
        user = question.user
        namespace = name?.namespace
        isAllowed = why.isAllowed
        error = why.error.map { Refusal(code: $0.code, message: $0.message) }
        self.remarks = remarks + configuration.prospects(question, on: channel, isAllowed: why.isAllowed)
        options = name.map { configuration.options(of: question.action, in: $0) } ?? []
        rules = why.steps.map { Rule(rule: $0.rule, effect: $0.effect.rawValue, reason: $0.reason) }
        limits = configuration.limits(on: question.action)
    }
}

extension Configuration {
    private typealias Setting = PermissionReport.Setting

    var directory: ChannelDirectory {
        ChannelDirectory(unnamed: channels.withoutNamespace, namespaces: channels.namespaces)
    }

    func explain(_ question: PermissionQuestion, on channel: String) -> PermissionExplanation {
        directory.explain(question, on: channel, isInsecure: client.insecure)
    }

    /// What a subscription would change.
    fileprivate func prospects(
        _ question: PermissionQuestion, on channel: String, isAllowed: Bool
    ) -> [String] {
        guard !isAllowed, question.action != .subscribe, !question.isSubscribed else { return [] }
        var subscribed = question
        subscribed.isSubscribed = true
        guard explain(subscribed, on: channel).isAllowed else { return [] }
        var subscribing = question
        subscribing.action = .subscribe
        let may = explain(subscribing, on: channel).isAllowed
        return [
            "once subscribed it is allowed (--subscribed), and subscribing is "
                + (may ? "allowed" : "not, unless a subscription token or the server does it")
        ]
    }

    /// The channel options that the rules read, with their values here, and the switch that overrules them.
    fileprivate func options(
        of action: ChannelAction, in channel: ChannelName
    ) -> [PermissionReport.Setting] {
        guard let options = directory.options(of: channel) else { return [] }
        let section = channel.namespace.map { "channels.namespaces.\($0)" } ?? "channels.default"
        return options.settings(of: action).map { Setting(key: "\(section).\($0.name)", value: $0.value) }
            + [Setting(key: "client.insecure", value: "\(client.insecure)")]
    }

    /// The budgets that a command of this kind is charged to.
    fileprivate func limits(on action: ChannelAction) -> [PermissionReport.Setting] {
        guard limits.enabled else { return [Setting(key: "limits.enabled", value: "false")] }
        let user = limits.user
        let own =
            switch action {
            case .subscribe: [("user.subscribe", user.subscribe)]
            case .publish: [("user.publish", user.publish), ("channel.publish", limits.channelPublish)]
            case .presence, .history: [("user.presence", user.presence)]
            }
        let all =
            own + [
                ("user.commands", user.commands), ("connection.commands", limits.connectionCommands),
            ]
        let dryRun = limits.dryRun ? [Setting(key: "limits.dry_run", value: "true")] : []
        return all.map { Setting(key: "limits.\($0.0)", value: $0.1.text) } + dryRun
    }
}

extension Configuration.Limits.Rule {
    fileprivate var text: String {
        guard let rate else { return "off" }
        return "\(rate.count)/\(rate.period.rawValue), burst \(burst)"
    }
}

extension ChannelOptions {
    private static func flags(_ action: ChannelAction) -> [(name: String, value: KeyPath<Self, Bool>)] {
        switch action {
        case .subscribe:
            [
                ("allow_user_limited_channels", \.allowUserLimitedChannels),
                ("allow_subscribe_for_client", \.allowSubscribeForClient),
                ("allow_subscribe_for_anonymous", \.allowSubscribeForAnonymous),
            ]
        case .publish:
            [
                ("allow_publish_for_client", \.allowPublishForClient),
                ("allow_publish_for_subscriber", \.allowPublishForSubscriber),
                ("allow_publish_for_anonymous", \.allowPublishForAnonymous),
            ]
        case .presence:
            [
                ("presence", \.presence), ("allow_presence_for_client", \.allowPresenceForClient),
                ("allow_presence_for_subscriber", \.allowPresenceForSubscriber),
                ("allow_presence_for_anonymous", \.allowPresenceForAnonymous),
            ]
        case .history:
            [
                ("allow_history_for_client", \.allowHistoryForClient),
                ("allow_history_for_subscriber", \.allowHistoryForSubscriber),
                ("allow_history_for_anonymous", \.allowHistoryForAnonymous),
            ]
        }
    }

    /// Names as in the configuration.
    fileprivate func settings(of action: ChannelAction) -> [(name: String, value: String)] {
        let numbers =
            action == .history
            ? [("history_size", "\(historySize)"), ("history_ttl", historyTTL.short)] : []
        return numbers + Self.flags(action).map { ($0.name, "\(self[keyPath: $0.value])") }
    }
}
