// Replies in JSON (protocol.md 3.1 and 5): each function appends one object and no line break. Replies that share a
// frame are separated by one `JSONReplies.separator`.

/// Writes answers to commands, as JSON.
package enum JSONReplies: ReplyWriter {
    /// Stands between two replies or pushes of one frame.
    package static let separator = ASCII.lineFeed

    package static func connect(id: UInt32, _ result: ConnectResult, into output: inout [UInt8]) {
        reply(id, "connect", into: &output) { $0.appendMembers(of: result) }
    }

    package static func subscribe(id: UInt32, _ result: SubscribeResult, into output: inout [UInt8]) {
        reply(id, "subscribe", into: &output) { $0.appendMembers(of: result) }
    }

    package static func unsubscribe(id: UInt32, into output: inout [UInt8]) {
        reply(id, "unsubscribe", into: &output) { _ in }
    }

    package static func publish(id: UInt32, into output: inout [UInt8]) {
        reply(id, "publish", into: &output) { _ in }
    }

    package static func presence(id: UInt32, _ clients: [ClientInfo], into output: inout [UInt8]) {
        reply(id, "presence", into: &output) {
            $0.appendObject("presence") {
                for info in clients {
                    $0.appendComma()
                    $0.appendJSONString(info.client.utf8)
                    $0.append(ASCII.colon)
                    $0.appendObject { $0.appendMembers(of: info) }
                }
            }
        }
    }

    package static func presenceStats(id: UInt32, _ result: PresenceStatsResult, into output: inout [UInt8]) {
        reply(id, "presence_stats", into: &output) {
            $0.appendRequired("num_clients", number: result.clients)
            $0.appendRequired("num_users", number: result.users)
        }
    }

    package static func history(id: UInt32, _ result: HistoryResult, into output: inout [UInt8]) {
        reply(id, "history", into: &output) {
            $0.appendArray("publications", result.publications) { $1.appendMembers(of: $0) }
            $0.appendRequired("epoch", text: result.position.epoch)
            $0.appendRequired("offset", number: result.position.offset)
        }
    }

    package static func rpc(id: UInt32, data: [UInt8]?, into output: inout [UInt8]) {
        reply(id, "rpc", into: &output) { $0.appendMember("data", payload: data) }
    }

    package static func refresh(id: UInt32, _ expiry: Expiry?, into output: inout [UInt8]) {
        reply(id, "refresh", into: &output) { $0.appendExpiry(expiry) }
    }

    package static func subRefresh(id: UInt32, _ expiry: Expiry?, into output: inout [UInt8]) {
        reply(id, "sub_refresh", into: &output) { $0.appendExpiry(expiry) }
    }

    package static func error(id: UInt32, _ error: ErrorCode, into output: inout [UInt8]) {
        reply(id, "error", into: &output) {
            $0.appendRequired("code", number: error.code)
            $0.appendRequired("message", text: error.message)
            $0.appendMember("temporary", flag: error.isTemporary)
        }
    }

    package static func ping(into output: inout [UInt8]) { output.appendObject { _ in } }

    /// The result object is always there, even empty: the SDKs look for it (protocol.md 3.1).
    private static func reply(
        _ id: UInt32, _ name: String, into output: inout [UInt8], _ members: (inout [UInt8]) -> Void
    ) {
        // The connect reply of a client that enters no channel takes some 150 bytes.
        if output.isEmpty { output.reserveCapacity(192) }
        output.appendObject {
            $0.appendMember("id", number: id)
            $0.appendObject(name, members)
        }
    }
}
