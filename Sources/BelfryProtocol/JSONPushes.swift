// Pushes in JSON (protocol.md 6): each function appends one object and no line break.

/// Writes what the server says unasked, as JSON.
package enum JSONPushes: PushWriter {
    package static func publication(
        channel: String, _ publication: Publication, into output: inout [UInt8]
    ) {
        push("pub", channel, into: &output) { $0.appendMembers(of: publication) }
    }

    package static func join(channel: String, _ info: ClientInfo, into output: inout [UInt8]) {
        push("join", channel, into: &output) { $0.appendObject("info") { $0.appendMembers(of: info) } }
    }

    package static func leave(channel: String, _ info: ClientInfo, into output: inout [UInt8]) {
        push("leave", channel, into: &output) { $0.appendObject("info") { $0.appendMembers(of: info) } }
    }

    package static func unsubscribe(channel: String, _ code: UnsubscribeCode, into output: inout [UInt8]) {
        push("unsubscribe", channel, into: &output) {
            $0.appendRequired("code", number: code.code)
            $0.appendRequired("reason", text: code.reason)
        }
    }

    package static func subscribe(channel: String, _ result: SubscribeResult, into output: inout [UInt8]) {
        push("subscribe", channel, into: &output) {
            $0.appendMember("recoverable", flag: result.recoverable)
            $0.appendMember("epoch", text: result.position.epoch)
            $0.appendMember("offset", number: result.position.offset)
            $0.appendMember("positioned", flag: result.positioned)
            $0.appendMember("data", payload: result.data)
        }
    }

    package static func message(_ data: [UInt8], into output: inout [UInt8]) {
        push("message", "", into: &output) { $0.appendMember("data", payload: data) }
    }

    package static func connect(_ result: ConnectResult, into output: inout [UInt8]) {
        // The fields have other numbers here than in the reply (protocol.md 6); JSON knows only their names.
        push("connect", "", into: &output) { $0.appendMembers(of: result) }
    }

    package static func disconnect(_ code: DisconnectCode, into output: inout [UInt8]) {
        push("disconnect", "", into: &output) {
            $0.appendRequired("code", number: code.code)
            $0.appendRequired("reason", text: code.reason)
            $0.appendMember("reconnect", flag: code.reconnects)
        }
    }

    package static func refresh(_ expiry: Expiry?, into output: inout [UInt8]) {
        push("refresh", "", into: &output) { $0.appendExpiry(expiry) }
    }

    private static func push(
        _ name: String, _ channel: String, into output: inout [UInt8], _ members: (inout [UInt8]) -> Void
    ) {
        output.appendObject {
            $0.appendObject("push") {
                $0.appendMember("channel", text: channel)
                $0.appendObject(name, members)
            }
        }
    }
}
