import BelfryProtobufMessages

// Replies in Protobuf (protocol.md 2.2, 3.4 and 5): each function appends one message behind its length.

/// Writes answers to commands, as Protobuf.
package enum ProtobufReplies: ReplyWriter {
    package static func connect(id: UInt32, _ result: ConnectResult, into output: inout [UInt8]) {
        reply(id, into: &output) { $0.connect = WireConnectResult(result) }
    }

    package static func subscribe(id: UInt32, _ result: SubscribeResult, into output: inout [UInt8]) {
        reply(id, into: &output) { $0.subscribe = WireSubscribeResult(result) }
    }

    package static func unsubscribe(id: UInt32, into output: inout [UInt8]) {
        reply(id, into: &output) { $0.unsubscribe = WireEmpty() }
    }

    package static func publish(id: UInt32, into output: inout [UInt8]) {
        reply(id, into: &output) { $0.publish = WireEmpty() }
    }

    package static func presence(id: UInt32, _ clients: [ClientInfo], into output: inout [UInt8]) {
        reply(id, into: &output) {
            var result = WirePresenceResult()
            for info in clients { result.presence[info.client] = WireClientInfo(info) }
            $0.presence = result
        }
    }

    package static func presenceStats(id: UInt32, _ result: PresenceStatsResult, into output: inout [UInt8]) {
        reply(id, into: &output) {
            $0.presenceStats.numClients = result.clients
            $0.presenceStats.numUsers = result.users
        }
    }

    package static func history(id: UInt32, _ result: HistoryResult, into output: inout [UInt8]) {
        reply(id, into: &output) { $0.history = WireHistoryResult(result) }
    }

    package static func rpc(id: UInt32, data: [UInt8]?, into output: inout [UInt8]) {
        reply(id, into: &output) { $0.rpc.data = (data ?? []).field }
    }

    package static func refresh(id: UInt32, _ expiry: Expiry?, into output: inout [UInt8]) {
        reply(id, into: &output) {
            $0.refresh.expires = expiry != nil
            $0.refresh.ttl = expiry?.ttl ?? 0
        }
    }

    package static func subRefresh(id: UInt32, _ expiry: Expiry?, into output: inout [UInt8]) {
        reply(id, into: &output) {
            $0.subRefresh.expires = expiry != nil
            $0.subRefresh.ttl = expiry?.ttl ?? 0
        }
    }

    package static func error(id: UInt32, _ error: ErrorCode, into output: inout [UInt8]) {
        reply(id, into: &output) {
            $0.error.code = error.code
            $0.error.message = error.message
            $0.error.temporary = error.isTemporary
        }
    }

    package static func ping(into output: inout [UInt8]) { output.appendVarint(0) }

    private static func reply(
        _ id: UInt32, into output: inout [UInt8], _ fill: (inout WireReply) -> Void
    ) {
        var reply = WireReply()
        reply.id = id
        fill(&reply)
        output.appendDelimited(reply)
    }
}

extension [UInt8] {
    /// Writes a message behind its length.
    mutating func appendDelimited(_ message: WireReply) {
        // Beyond 2 GiB, which nothing of ours comes near, there is nothing that could be sent.
        guard let bytes = message.bytes else { return }
        appendVarint(UInt64(bytes.count))
        append(contentsOf: bytes)
    }
}
