// What the server answers (protocol.md 5), free of how it is written. Zero values are left out on the wire unless the
// codec must write them.

package struct ConnectResult: Equatable, Sendable {
    /// Connection id, unique in the cluster; never empty, since Python indexes it.
    package var client: String
    /// Name and version of the server.
    package var version: String
    /// When the client must have refreshed; `nil` when the connection does not expire.
    package var expiry: Expiry?
    package var data: [UInt8]?
    package var subs: [ServerSubscription] = []
    /// Seconds between pings of the server; 0 for none.
    package var ping: UInt32 = 0
    /// The client must answer pings.
    package var pong = false
    /// Only for emulation transports, as is `node`.
    package var session = ""
    package var node = ""
    /// The server's clock in milliseconds since 1970; 0 to keep it to itself.
    package var time: Int64 = 0

    package init(client: String, version: String) {
        self.client = client
        self.version = version
    }
}

/// A server-side subscription made at connect.
package struct ServerSubscription: Equatable, Sendable {
    package var channel: String
    package var result: SubscribeResult

    package init(channel: String, result: SubscribeResult) {
        self.channel = channel
        self.result = result
    }
}

/// `expires` and `ttl` of a result, which only ever come together.
package struct Expiry: Equatable, Sendable {
    /// Seconds; at least 1, because a client told to refresh in 0 seconds finds no `ttl` (protocol.md 3.1).
    package let ttl: UInt32

    /// - Parameter ttl: Seconds; clamped to 1 at least.
    package init(ttl: UInt32) { self.ttl = max(ttl, 1) }
}

package struct SubscribeResult: Equatable, Sendable {
    package var expiry: Expiry?
    package var recoverable = false
    package var position = StreamPosition()
    /// Recovered ones, ascending.
    package var publications: [Publication] = []
    package var recovered = false
    package var positioned = false
    package var data: [UInt8]?
    package var wasRecovering = false
    package var delta = false
    /// Numeric channel id (protocol.md 21.1); 0 where compaction is not offered.
    package var channelID: UInt64 = 0
    /// Milliseconds by which the client holds back its own publications; 0 for none (protocol.md 21.5).
    package var publishDebounce: UInt32 = 0

    package init() {}

    /// Whether the client can be served with every publication.
    package func isReadable(by codec: Codec) -> Bool { publications.allSatisfy { $0.isReadable(by: codec) } }
}

package struct PresenceStatsResult: Equatable, Sendable {
    package var clients: UInt32
    package var users: UInt32

    package init(clients: UInt32, users: UInt32) {
        self.clients = clients
        self.users = users
    }
}

package struct HistoryResult: Equatable, Sendable {
    package var publications: [Publication]
    /// The top of the stream.
    package var position: StreamPosition

    package init(publications: [Publication], position: StreamPosition) {
        self.publications = publications
        self.position = position
    }

    /// Whether the client can be served with every publication.
    package func isReadable(by codec: Codec) -> Bool { publications.allSatisfy { $0.isReadable(by: codec) } }
}
