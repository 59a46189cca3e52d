import BelfryAuth
package import BelfryHub
package import BelfryProtocol

/// The channels that may exist: options by namespace (protocol.md 18).
package struct ChannelDirectory: Sendable {
    private let unnamed: ChannelOptions
    private let namespaces: [String: ChannelOptions]

    /// - Parameters:
    ///   - unnamed: For channels without a namespace.
    ///   - namespaces: By name; a channel of any other namespace is unknown (error 102).
    package init(unnamed: ChannelOptions, namespaces: [String: ChannelOptions]) {
        self.unnamed = unnamed
        self.namespaces = namespaces
    }

    /// The options of a channel's namespace; `nil` when there is no such namespace.
    package func options(of channel: ChannelName) -> ChannelOptions? {
        guard let namespace = channel.namespace else { return unnamed }
        return namespaces[namespace]
    }
}

/// The permission rules for a client without a token for the channel (protocol.md 18.3).
package struct ChannelPermissions: Sendable {
    package let options: ChannelOptions
    package let isInsecure: Bool

    package init(options: ChannelOptions, isInsecure: Bool) {
        self.options = options
        self.isInsecure = isInsecure
    }

    /// Whether `user` may subscribe without a subscription token; `""` is the anonymous user.
    package func maySubscribe(to channel: ChannelName, user: String) -> Bool {
        if channel.isPrivate { return false }
        if channel.isUserLimited {
            return isInsecure || options.allowUserLimitedChannels && channel.lists(user)
        }
        if isInsecure { return true }
        return options.allowSubscribeForClient && (!user.isEmpty || options.allowSubscribeForAnonymous)
    }

    /// Whether `user` may publish now.
    package func mayPublish(user: String, isSubscribed: Bool) -> Bool {
        allows(
            options.allowPublishForClient, options.allowPublishForSubscriber,
            options.allowPublishForAnonymous, user, isSubscribed)
    }

    /// Whether `user` may ask who is present.
    package func mayReadPresence(user: String, isSubscribed: Bool) -> Bool {
        allows(
            options.allowPresenceForClient, options.allowPresenceForSubscriber,
            options.allowPresenceForAnonymous, user, isSubscribed)
    }

    /// Whether `user` may read the channel's history.
    package func mayReadHistory(user: String, isSubscribed: Bool) -> Bool {
        allows(
            options.allowHistoryForClient, options.allowHistoryForSubscriber,
            options.allowHistoryForAnonymous, user, isSubscribed)
    }

    private func allows(
        _ client: Bool, _ subscriber: Bool, _ anonymous: Bool, _ user: String, _ isSubscribed: Bool
    ) -> Bool {
        if isInsecure { return true }
        guard !user.isEmpty || anonymous else { return false }
        return client || subscriber && isSubscribed
    }
}

extension ChannelName {
    /// Byte by byte, unlike `==`, to which U+212A KELVIN SIGN is a K and a user of that name the user `K`.
    fileprivate func lists(_ user: String) -> Bool {
        !user.isEmpty && users.contains { $0.isIdentical(to: user) }
    }
}
