import BelfryLimits

/// What every session of the process follows; made once from the configuration.
package struct SessionPolicy: Sendable {
    package let channels: ChannelDirectory
    /// Everybody may do everything where the feature is on (protocol.md 18.4).
    package let isInsecure: Bool
    package let allowsAnonymous: Bool
    /// Subscriptions a connection may hold.
    package let channelsMax: Int
    /// Seconds between pings, as told to the client; zero for none.
    package let pingSeconds: Int
    /// Name and version in the connect reply.
    package let version: String
    /// Seconds a client has after an expiry to refresh (protocol.md 12).
    package let expiryGraceSeconds: Int64
    package let limits: CommandLimits

    package init(
        channels: ChannelDirectory, isInsecure: Bool, allowsAnonymous: Bool, channelsMax: Int,
        pingSeconds: Int,
        version: String, expiryGraceSeconds: Int64, limits: CommandLimits
    ) {
        self.channels = channels
        self.isInsecure = isInsecure
        self.allowsAnonymous = allowsAnonymous
        self.channelsMax = channelsMax
        self.pingSeconds = pingSeconds
        self.version = version
        self.expiryGraceSeconds = expiryGraceSeconds
        self.limits = limits
    }
}
