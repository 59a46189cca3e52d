import BelfryLimits
import BelfryProtocol

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
    /// Publications that one reply may hold, in bytes.
    package let replyBytesMax: Int
    package let limits: CommandLimits

    package init(
        channels: ChannelDirectory, isInsecure: Bool, allowsAnonymous: Bool, channelsMax: Int,
        pingSeconds: Int,
        version: String, expiryGraceSeconds: Int64, replyBytesMax: Int, limits: CommandLimits
    ) {
        self.channels = channels
        self.isInsecure = isInsecure
        self.allowsAnonymous = allowsAnonymous
        self.channelsMax = channelsMax
        self.pingSeconds = pingSeconds
        self.version = version
        self.expiryGraceSeconds = expiryGraceSeconds
        self.replyBytesMax = replyBytesMax
        self.limits = limits
    }
}

extension SessionPolicy {
    /// Bytes of a publication beside its payload: keys, offset, ids.
    private static let publicationOverhead = 256

    /// How many of them, from the first, one reply may hold: at least one, for whoever reads page by page.
    func fittingCount(of publications: [Publication]) -> Int {
        var left = replyBytesMax
        for (count, publication) in publications.enumerated() {
            left -= publication.byteCount + Self.publicationOverhead
            if left < 0, count > 0 { return count }
        }
        return publications.count
    }
}

extension Publication {
    fileprivate var byteCount: Int {
        data.count + (info?.connInfo?.count ?? 0) + (info?.chanInfo?.count ?? 0)
    }
}
