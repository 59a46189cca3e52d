import BelfryProtobufMessages

// Pushes in Protobuf (protocol.md 6): each function appends one message behind its length.

/// Writes what the server says unasked, as Protobuf.
package enum ProtobufPushes: PushWriter {
    package static func publication(
        channel: String, _ publication: Publication, into output: inout [UInt8]
    ) {
        push(channel, into: &output) { $0.pub = WirePublication(publication) }
    }

    package static func join(channel: String, _ info: ClientInfo, into output: inout [UInt8]) {
        push(channel, into: &output) { $0.join = WireJoinOrLeave(info) }
    }

    package static func leave(channel: String, _ info: ClientInfo, into output: inout [UInt8]) {
        push(channel, into: &output) { $0.leave = WireJoinOrLeave(info) }
    }

    package static func unsubscribe(channel: String, _ code: UnsubscribeCode, into output: inout [UInt8]) {
        push(channel, into: &output) {
            $0.unsubscribe.code = code.code
            $0.unsubscribe.reason = code.reason
        }
    }

    package static func subscribe(channel: String, _ result: SubscribeResult, into output: inout [UInt8]) {
        push(channel, into: &output) {
            var subscribe = WireSubscribe()
            subscribe.recoverable = result.recoverable
            subscribe.epoch = result.position.epoch
            subscribe.offset = result.position.offset
            subscribe.positioned = result.positioned
            if let data = result.data { subscribe.data = data.field }
            $0.subscribe = subscribe
        }
    }

    package static func message(_ data: [UInt8], into output: inout [UInt8]) {
        push("", into: &output) { $0.message.data = data.field }
    }

    package static func connect(_ result: ConnectResult, into output: inout [UInt8]) {
        push("", into: &output) { $0.connect = WireConnect(result) }
    }

    package static func disconnect(_ code: DisconnectCode, into output: inout [UInt8]) {
        push("", into: &output) {
            $0.disconnect.code = UInt32(code.code)
            $0.disconnect.reason = code.reason
            $0.disconnect.reconnect = code.reconnects
        }
    }

    package static func refresh(_ expiry: Expiry?, into output: inout [UInt8]) {
        push("", into: &output) {
            $0.refresh.expires = expiry != nil
            $0.refresh.ttl = expiry?.ttl ?? 0
        }
    }

    private static func push(
        _ channel: String, into output: inout [UInt8], _ fill: (inout WirePush) -> Void
    ) {
        // Filled before it is put in its place: a message changed inside another one is copied.
        var push = WirePush()
        push.channel = channel
        fill(&push)
        var reply = WireReply()
        reply.push = push
        output.appendDelimited(reply)
    }
}
