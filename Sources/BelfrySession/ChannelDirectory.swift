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

extension ChannelOptions {
    /// Whether clients may use a channel of this name (`channel_regex`).
    func allowsName(_ name: ChannelName) -> Bool {
        guard let channelRegex else { return true }
        let rest = name.rest
        return channelRegex.matches(rest.utf8.span)
    }
}
