// One protocol, two ways to write it. Whoever speaks to a client holds its `Codec` and asks it for a writer; what is
// said does not depend on it.

/// How commands, replies and pushes are written on one connection, for all of its life (protocol.md 1.2).
package enum Codec: String, CaseIterable, Sendable {
    case json
    case protobuf

    /// Whether messages travel in text frames; in binary ones otherwise (protocol.md 1.3).
    package var isText: Bool { self == .json }

    package var replies: any ReplyWriter.Type {
        switch self {
        case .json: JSONReplies.self
        case .protobuf: ProtobufReplies.self
        }
    }

    package var pushes: any PushWriter.Type {
        switch self {
        case .json: JSONPushes.self
        case .protobuf: ProtobufPushes.self
        }
    }

    /// Writes what stands between two replies or pushes of one frame.
    ///
    /// Nothing in Protobuf, where each carries its length.
    package func appendSeparator(into output: inout [UInt8]) {
        if self == .json { output.append(JSONReplies.separator) }
    }
}

/// Writes answers to commands (protocol.md 5): each function appends one reply.
package protocol ReplyWriter {
    static func connect(id: UInt32, _ result: ConnectResult, into output: inout [UInt8])
    static func subscribe(id: UInt32, _ result: SubscribeResult, into output: inout [UInt8])
    static func unsubscribe(id: UInt32, into output: inout [UInt8])
    static func publish(id: UInt32, into output: inout [UInt8])
    /// Lists each client under its connection id; nobody may be there twice.
    static func presence(id: UInt32, _ clients: [ClientInfo], into output: inout [UInt8])
    static func presenceStats(id: UInt32, _ result: PresenceStatsResult, into output: inout [UInt8])
    static func history(id: UInt32, _ result: HistoryResult, into output: inout [UInt8])
    static func rpc(id: UInt32, data: [UInt8]?, into output: inout [UInt8])
    /// Without an expiry when the new token has none.
    static func refresh(id: UInt32, _ expiry: Expiry?, into output: inout [UInt8])
    /// Without an expiry when the new token has none.
    static func subRefresh(id: UInt32, _ expiry: Expiry?, into output: inout [UInt8])
    static func error(id: UInt32, _ error: ErrorCode, into output: inout [UInt8])
    /// The server's ping is an empty reply (protocol.md 8).
    static func ping(into output: inout [UInt8])
}

/// Writes what the server says unasked (protocol.md 6): each function appends one push.
package protocol PushWriter {
    /// A publication that ``Publication/isReadable(by:)`` refuses is for no receiver of that codec: close 3506.
    static func publication(channel: String, _ publication: Publication, into output: inout [UInt8])
    static func join(channel: String, _ info: ClientInfo, into output: inout [UInt8])
    static func leave(channel: String, _ info: ClientInfo, into output: inout [UInt8])
    static func unsubscribe(channel: String, _ code: UnsubscribeCode, into output: inout [UInt8])
    /// A server-side subscription made on a live connection.
    ///
    /// Only position, recoverability and data of `result` are written; nothing can be recovered in a push.
    static func subscribe(channel: String, _ result: SubscribeResult, into output: inout [UInt8])
    /// A message to the connection, of no channel.
    static func message(_ data: [UInt8], into output: inout [UInt8])
    /// For one-way transports only, as is ``refresh(_:into:)``.
    static func connect(_ result: ConnectResult, into output: inout [UInt8])
    /// For transports without a close code only: over WebSocket the code travels in the close frame.
    static func disconnect(_ code: DisconnectCode, into output: inout [UInt8])
    static func refresh(_ expiry: Expiry?, into output: inout [UInt8])
}
