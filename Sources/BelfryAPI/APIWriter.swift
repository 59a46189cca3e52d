import BelfryBroker
package import BelfryProtocol
import BelfrySession

// From results to bytes: `{"result":{…}}` or `{"error":{"code":…,"message":…}}`, a batch as `{"replies":[…]}`.

package enum APIWriter {
    package static func answer(_ outcome: APIOutcome) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendObject { bytes in
            if case .success(.batch(let replies)) = outcome {
                return bytes.appendArray("replies", replies) { $1.appendReply($0) }
            }
            bytes.appendOutcome(outcome, as: "result")
        }
        return bytes
    }

    /// A refusal with words of its own, for people.
    package static func error(_ error: ErrorCode, _ words: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendObject {
            $0.appendObject("error") {
                $0.appendRequired("code", number: error.code)
                $0.appendRequired("message", text: words)
            }
        }
        return bytes
    }
}

extension [UInt8] {
    fileprivate mutating func appendReply(_ reply: BatchReply) {
        appendOutcome(reply.outcome, as: reply.method.rawValue)
    }

    fileprivate mutating func appendOutcome(_ outcome: APIOutcome, as name: String) {
        switch outcome {
        case .success(let result): appendObject(name) { $0.appendMembers(of: result) }
        case .failure(let error): append(error)
        }
    }

    private mutating func append(_ error: ErrorCode) {
        appendObject("error") {
            $0.appendRequired("code", number: error.code)
            $0.appendRequired("message", text: error.message)
        }
    }

    private mutating func appendMembers(of result: APIResult) {
        switch result {
        case .done, .batch: break
        case .published(let position): appendMembers(of: position)
        case .broadcast(let responses): appendArray("responses", responses) { $1.appendResponse($0) }
        case .presence(let clients):
            appendMap("presence", clients, key: \.client) { $1.appendMembers(of: $0) }
        case .presenceStats(let statistics):
            appendRequired("num_clients", number: UInt64(clamping: statistics.clients))
            appendRequired("num_users", number: UInt64(clamping: statistics.users))
        case .history(let page): appendMembers(of: page)
        case .channels(let channels):
            appendMap("channels", channels, key: \.channel) {
                $1.appendRequired("num_clients", number: UInt64(clamping: $0.clients))
            }
        case .connections(let connections):
            appendMap("connections", connections, key: \.client) { $1.appendMembers(of: $0) }
        case .info(let node): appendArray("nodes", [node]) { $1.appendMembers(of: $0) }
        case .denied(let effect):
            appendRequired("closed", number: UInt64(clamping: effect.closed))
            appendRequired("durable", flag: effect.isDurable)
        case .restored(let wasDenied): appendRequired("was_denied", flag: wasDenied)
        case .denials(let denials): appendArray("denials", denials) { $1.appendMembers(of: $0) }
        }
    }

    private mutating func appendMembers(of position: StreamPosition?) {
        guard let position else { return }
        appendRequired("offset", number: position.offset)
        appendRequired("epoch", text: position.epoch)
    }

    private mutating func appendResponse(_ response: Result<StreamPosition?, ErrorCode>) {
        switch response {
        case .success(let position): appendObject("result") { $0.appendMembers(of: position) }
        case .failure(let error): append(error)
        }
    }

    private mutating func appendMembers(of page: HistoryPage) {
        appendArray("publications", page.publications) {
            $1.appendMembers(of: $0)
            // JSON has no place for these bytes but this; `data` is null then.
            if $0.form == .binary { $1.appendRequired("b64data", text: $0.data.base64) }
        }
        appendRequired("offset", number: page.top.offset)
        appendRequired("epoch", text: page.top.epoch)
    }

    private mutating func appendMembers(of connection: UserConnection) {
        appendMember("app_name", text: connection.appName)
        appendRequired("transport", text: "websocket")
        appendRequired("protocol", text: connection.codec.rawValue)
        appendRequired("user", text: connection.user)
        appendObject("state") {
            $0.appendMap("channels", connection.channels, key: \.self) { _, _ in }
        }
    }

    private mutating func appendMembers(of denial: DenialEntry) {
        switch denial.target {
        case .user(let name): appendRequired("user", text: name)
        case .address(let range): appendRequired("address", text: range)
        case .token(let id): appendRequired("token", text: id)
        case .tokensOf(let name): appendRequired("tokens_of", text: name)
        }
        if let moment = denial.issuedBefore {
            appendRequired("issued_before", number: UInt64(clamping: moment))
        }
        if let end = denial.expiresAt { appendRequired("expire_at", number: UInt64(clamping: end)) }
    }

    private mutating func appendMembers(of node: APINode) {
        appendRequired("uid", text: node.uid)
        appendRequired("name", text: node.name)
        appendRequired("version", text: node.version)
        appendRequired("num_clients", number: UInt64(clamping: node.clients))
        appendRequired("num_users", number: UInt64(clamping: node.users))
        appendRequired("num_subs", number: UInt64(clamping: node.subscriptions))
        appendRequired("num_channels", number: UInt64(clamping: node.channels))
        appendRequired("uptime", number: UInt64(clamping: node.uptimeSeconds))
    }

    /// An object with a member for each item.
    private mutating func appendMap<Item>(
        _ name: String, _ items: [Item], key: (Item) -> String, _ write: (Item, inout [UInt8]) -> Void
    ) {
        appendObject(name) {
            for item in items {
                $0.appendComma()
                $0.appendJSONString(key(item).utf8)
                $0.append(UInt8(ascii: ":"))
                $0.appendObject { write(item, &$0) }
            }
        }
    }

    /// RFC 4648, section 4.
    fileprivate var base64: String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        text.reserveCapacity((count + 2) / 3 * 4)
        for start in stride(from: 0, to: count, by: 3) {
            let group = self[start..<Swift.min(start + 3, count)]
            let word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                let symbol = alphabet[Int(word >> UInt32(18 - 6 * place)) & 63]
                text.append(place <= group.count ? symbol : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
