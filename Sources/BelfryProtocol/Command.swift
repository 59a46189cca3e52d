// What a client asks (protocol.md 5), free of how it was written: the JSON and the Protobuf decoder both fill these.

/// One command of a client.
package struct Command: Equatable, Sendable {
    /// Chosen by the client, echoed in the reply; 0 for a pong and for `send`.
    package var id: UInt32
    package var request: Request

    package init(id: UInt32, request: Request) {
        self.id = id
        self.request = request
    }

    package var isPublish: Bool { if case .publish = request { true } else { false } }

    /// An empty command without an id answers the server's ping (protocol.md 4, rule 3).
    package var isPong: Bool { id == 0 && request == .empty }
}

/// What is asked.
///
/// Of several requests in one command the first in this order counts (protocol.md 4, rule 4).
package enum Request: Equatable, Sendable {
    case connect(ConnectRequest)
    case subscribe(SubscribeRequest)
    case unsubscribe(ChannelRequest)
    case publish(PublishRequest)
    case presence(ChannelRequest)
    case presenceStats(ChannelRequest)
    case history(HistoryRequest)
    case rpc(RPCRequest)
    case send(SendRequest)
    case refresh(RefreshRequest)
    case subRefresh(SubRefreshRequest)
    /// Has a number in the protocol but is not served: close 3501.
    case ping
    /// No request at all: with id 0, a pong.
    case empty

    /// Metric label; a closed list.
    package var method: String {
        switch self {
        case .connect: "connect"
        case .subscribe: "subscribe"
        case .unsubscribe: "unsubscribe"
        case .publish: "publish"
        case .presence: "presence"
        case .presenceStats: "presence_stats"
        case .history: "history"
        case .rpc: "rpc"
        case .send: "send"
        case .refresh: "refresh"
        case .subRefresh: "sub_refresh"
        case .ping: "ping"
        case .empty: "pong"
        }
    }
}
