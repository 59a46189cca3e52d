/// A server-side subscription that a connection token asks for (claims `channels` and `subs`).
package struct TokenSubscription: Equatable, Sendable {
    package let channel: String
    package let options: SubscriptionOptions
}

/// What a token says about one subscription, over the options of the channel.
package struct SubscriptionOptions: Equatable, Sendable {
    /// Becomes `chan_info` of the subscriber.
    package var info: ClaimData?
    /// Goes into the subscribe result.
    package var data: ClaimData?
    // nil leaves the channel's own option as it is.
    package var presence: Bool?
    package var joinLeave: Bool?
    package var forcePushJoinLeave: Bool?
    package var forcePositioning: Bool?
    package var forceRecovery: Bool?

    package init() {}

    /// Reads `info`, `data` and `override` from the claims of a subscription token or from one of `subs`.
    init(_ members: JSONObject) throws(TokenRefusal) {
        info = try ClaimData(members, "info")
        data = try ClaimData(members, "data")
        guard let override = members["override"] else { return }
        guard let switches = try override.claims() else { throw .malformed }
        presence = try switches.flag("presence")
        joinLeave = try switches.flag("join_leave")
        forcePushJoinLeave = try switches.flag("force_push_join_leave")
        forcePositioning = try switches.flag("force_positioning")
        forceRecovery = try switches.flag("force_recovery")
    }
}

extension TokenSubscription {
    /// The subscriptions of a connection token; `subs` wins over `channels`.
    static func list(_ members: JSONObject) throws(TokenRefusal) -> [TokenSubscription] {
        if let subs = members["subs"] { return try list(subs: subs) }
        guard let channels = members["channels"] else { return [] }
        guard let names = try channels.list() else { throw .malformed }
        var subscriptions: [TokenSubscription] = []
        for name in names {
            guard case .string(let channel) = name, !channel.isEmpty else { throw .malformed }
            subscriptions.append(TokenSubscription(channel: channel, options: SubscriptionOptions()))
        }
        return subscriptions
    }

    private static func list(subs: JSONValue) throws(TokenRefusal) -> [TokenSubscription] {
        guard let channels = try subs.claims() else { throw .malformed }
        var subscriptions: [TokenSubscription] = []
        for member in channels.members {
            guard !member.name.isEmpty, let options = try member.value.claims() else { throw .malformed }
            subscriptions.append(
                TokenSubscription(channel: member.name, options: try SubscriptionOptions(options)))
        }
        return subscriptions
    }
}

extension JSONObject {
    /// A switch, written `{"value": true}`.
    fileprivate func flag(_ name: String) throws(TokenRefusal) -> Bool? {
        guard let value = self[name] else { return nil }
        guard let box = try value.claims(), case .bool(let flag) = box["value"] else { throw .malformed }
        return flag
    }
}

extension JSONValue {
    /// More channels than any session may hold, so the session refuses them with its own code (3505).
    private static let channelLimit = 512

    fileprivate func claims() throws(TokenRefusal) -> JSONObject? {
        do { return try object(limit: Self.channelLimit) } catch { throw .malformed }
    }

    fileprivate func list() throws(TokenRefusal) -> [JSONValue]? {
        do { return try elements(limit: Self.channelLimit) } catch { throw .malformed }
    }
}
