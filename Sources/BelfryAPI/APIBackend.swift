package import BelfryBytes
package import BelfryHub
package import BelfryProtocol
package import BelfrySession

/// Who carries calls out.
///
/// Called by any thread, many at once.
///
/// `nil` in place of an answer says that none came in time, or that too many wait already: the caller is told error 100,
/// and what it asked for may still have been done.
package protocol APIBackend: Sendable {
    func now() -> Instant
    /// Asks the homes of several channels at once.
    ///
    /// - Returns: An answer for each, in their order.
    func ask(_ calls: [HomeCall]) async -> [HubAnswer?]
    /// Has every loop carry it out.
    ///
    /// - Returns: Why a connection could not follow, if one could not.
    func carryOut(_ call: UserCall) async -> ErrorCode??
    func connections(_ choice: ConnectionChoice) async -> [UserConnection]?
    /// Channels with subscribers.
    func channels() async -> [ChannelCount]?
    func info() async -> APINode
    /// Keeps somebody out and cuts who is here; returns when it is stored, if it can be.
    func deny(_ denial: DenialEntry, by actor: String) async throws(ErrorCode) -> DenialEffect
    /// Lets somebody in again.
    ///
    /// - Returns: Whether it was kept out.
    func allow(_ target: DenialEntry.Target, by actor: String) async throws(ErrorCode) -> Bool
    /// Everything in force, in no order.
    func denials() -> [DenialEntry]
}

/// A channel and its subscribers.
package struct ChannelCount: Equatable, Sendable {
    package let channel: String
    package let clients: Int

    package init(channel: String, clients: Int) {
        self.channel = channel
        self.clients = clients
    }
}

/// A node, as `info` lists it.
package struct APINode: Equatable, Sendable {
    /// Made at start.
    package var uid: String
    package var name: String
    package var version: String
    package var clients = 0
    package var users = 0
    package var subscriptions = 0
    package var channels = 0
    package var uptimeSeconds = 0

    package init(uid: String, name: String, version: String) {
        self.uid = uid
        self.name = name
        self.version = version
    }
}
