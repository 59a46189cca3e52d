import BelfryLimits
import BelfryProtocol

/// What every session of the process follows; made once from the configuration.
package final class SessionPolicy: Sendable {
    package let channels: ChannelDirectory
    /// Everybody may do everything where the feature is on (protocol.md 18.4).
    package let isInsecure: Bool
    package let allowsAnonymous: Bool
    /// A connection token must name a user (protocol.md 7.1).
    package let tokensNeedUser: Bool
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
    /// Every client with a name is subscribed to a channel of its own; `nil` for nobody.
    package let personalChannel: PersonalChannel?
    package let limits: CommandLimits

    package init(
        channels: ChannelDirectory, isInsecure: Bool, allowsAnonymous: Bool, channelsMax: Int,
        pingSeconds: Int,
        version: String, expiryGraceSeconds: Int64, replyBytesMax: Int,
        personalChannel: PersonalChannel?, tokensNeedUser: Bool = false, limits: CommandLimits
    ) {
        self.channels = channels
        self.isInsecure = isInsecure
        self.allowsAnonymous = allowsAnonymous
        self.channelsMax = channelsMax
        self.pingSeconds = pingSeconds
        self.version = version
        self.expiryGraceSeconds = expiryGraceSeconds
        self.replyBytesMax = replyBytesMax
        self.personalChannel = personalChannel
        self.tokensNeedUser = tokensNeedUser
        self.limits = limits
    }
}

/// The channel that a user's connections share (protocol.md 18.5).
package struct PersonalChannel: Equatable, Sendable {
    /// Empty for channels without one.
    package let namespace: String
    /// A user's newest connection closes the others.
    package let isSingle: Bool

    package init(namespace: String, isSingle: Bool = false) {
        self.namespace = namespace
        self.isSingle = isSingle
    }

    /// - Returns: `nil` for the anonymous user, who shares it with nobody.
    /// - Throws: Error 107 for a user whose id makes it another's: `#a,b` belongs to a and to b.
    package func channel(of user: String) throws(EntryRefusal) -> String? {
        if user.isEmpty { return nil }
        let channel = namespace.isEmpty ? "#\(user)" : "\(namespace):#\(user)"
        guard let name = try? ChannelName(channel), (name.namespace ?? "") == namespace, name.users.count == 1
        else { throw .error(.badRequest) }
        return channel
    }
}

extension SessionPolicy {
    /// Bytes of a publication beside its payload: keys, offset, ids.
    private static let publicationOverhead = 256

    /// What publications take of a reply.
    func byteCount(of publications: [Publication]) -> Int {
        publications.reduce(0) { $0 + $1.byteCount + Self.publicationOverhead }
    }

    /// How many of them, from the first, one reply may hold: at least one, for whoever reads page by page.
    ///
    /// - Parameters:
    ///   - publications: In the order of the reply.
    ///   - taken: Bytes that the reply holds already; then it may be none.
    /// - Returns: 0 to the number of publications.
    func fittingCount(of publications: [Publication], beside taken: Int = 0) -> Int {
        var left = replyBytesMax - taken
        for (count, publication) in publications.enumerated() {
            left -= publication.byteCount + Self.publicationOverhead
            if left < 0, count > 0 || taken > 0 { return count }
        }
        return publications.count
    }
}

extension Publication {
    fileprivate var byteCount: Int {
        data.count + (info?.connInfo?.count ?? 0) + (info?.chanInfo?.count ?? 0)
    }
}
