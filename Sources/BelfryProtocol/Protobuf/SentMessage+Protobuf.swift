import BelfryProtobufMessages

extension SentMessage {
    init?(protobuf bytes: Span<UInt8>) {
        var start = 0
        guard let length = try? bytes.varint(at: &start), length == UInt64(bytes.count - start),
            let reply = try? WireReply(bytes: bytes.extracting(start..<bytes.count))
        else { return nil }
        self.init()
        id = reply.id
        if reply.hasPush { read(reply.push) } else { read(reply) }
    }

    private mutating func read(_ reply: WireReply) {
        if reply.hasError {
            name = "error"
            (code, reason) = (reply.error.code, reply.error.message)
        } else if reply.hasConnect {
            name = "connect"
            data = reply.connect.data.bytesIfAny
        } else if reply.hasSubscribe {
            name = "subscribe"
            (offset, publicationCount) = (reply.subscribe.offset, reply.subscribe.publications.count)
            data = reply.subscribe.data.bytesIfAny
        } else if reply.hasHistory {
            name = "history"
            (offset, publicationCount) = (reply.history.offset, reply.history.publications.count)
        } else if reply.hasRpc {
            name = "rpc"
            data = reply.rpc.data.bytesIfAny
        } else {
            name = Self.plainName(of: reply)
        }
    }

    private static func plainName(of reply: WireReply) -> String {
        if reply.hasUnsubscribe { return "unsubscribe" }
        if reply.hasPublish { return "publish" }
        if reply.hasPresence { return "presence" }
        if reply.hasPresenceStats { return "presence_stats" }
        if reply.hasRefresh { return "refresh" }
        return reply.hasSubRefresh ? "sub_refresh" : ""
    }

    private mutating func read(_ push: WirePush) {
        isPush = true
        channel = push.channel
        if push.hasPub {
            name = "pub"
            (offset, isPatch) = (push.pub.offset, push.pub.delta)
            data = push.pub.data.bytesIfAny
            (user, client) = (push.pub.info.user, push.pub.info.client)
        } else if push.hasJoin {
            name = "join"
            (user, client) = (push.join.info.user, push.join.info.client)
        } else if push.hasLeave {
            name = "leave"
            (user, client) = (push.leave.info.user, push.leave.info.client)
        } else {
            readPlain(push)
        }
    }

    private mutating func readPlain(_ push: WirePush) {
        if push.hasUnsubscribe {
            name = "unsubscribe"
            (code, reason) = (push.unsubscribe.code, push.unsubscribe.reason)
        } else if push.hasMessage {
            name = "message"
            data = push.message.data.bytesIfAny
        } else if push.hasSubscribe {
            name = "subscribe"
            offset = push.subscribe.offset
            data = push.subscribe.data.bytesIfAny
        } else if push.hasDisconnect {
            name = "disconnect"
            (code, reason) = (push.disconnect.code, push.disconnect.reason)
        } else {
            name = push.hasConnect ? "connect" : push.hasRefresh ? "refresh" : ""
        }
    }
}

extension WireBytes {
    fileprivate var bytesIfAny: [UInt8]? {
        let bytes = [UInt8](field: self)
        return bytes.isEmpty ? nil : bytes
    }
}
