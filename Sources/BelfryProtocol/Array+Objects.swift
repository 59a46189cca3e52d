// The objects that several replies and pushes have in common. Members in the order of their field numbers.
extension [UInt8] {
    package mutating func appendMembers(of info: ClientInfo) {
        appendRequired("user", text: info.user)
        appendRequired("client", text: info.client)
        appendMember("conn_info", payload: info.connInfo)
        appendMember("chan_info", payload: info.chanInfo)
    }

    package mutating func appendMembers(of publication: Publication) {
        appendData(of: publication)
        if let info = publication.info { appendObject("info") { $0.appendMembers(of: info) } }
        appendMember("offset", number: publication.offset)
        if !publication.tags.isEmpty { appendTags(publication.tags) }
        appendMember("delta", flag: publication.isDelta)
        appendMember("time", number: UInt64(clamping: publication.time))
        appendMember("epoch", text: publication.epoch)
    }

    private mutating func appendData(of publication: Publication) {
        switch publication.form {
        case .json: appendMember("data", payload: publication.data)
        case .jsonOnManyLines:
            appendKey("data")
            append(contentsOf: publication.data.lazy.filter { !$0.isLineBreak })
        case .binary:
            // The receiver should have been closed. Should one slip through, it gets no bytes that are no JSON.
            appendKey("data")
            append(contentsOf: "null".utf8)
        }
    }

    private mutating func appendTags(_ tags: [Tag]) {
        appendObject("tags") {
            for tag in tags {
                $0.appendComma()
                $0.appendJSONString(tag.key.utf8)
                $0.append(ASCII.colon)
                $0.appendJSONString(tag.value.utf8)
            }
        }
    }

    mutating func appendMembers(of result: SubscribeResult) {
        appendExpiry(result.expiry)
        appendMember("recoverable", flag: result.recoverable)
        appendMember("epoch", text: result.position.epoch)
        if !result.publications.isEmpty {
            appendArray("publications", result.publications) { $1.appendMembers(of: $0) }
        }
        appendMember("recovered", flag: result.recovered)
        appendMember("offset", number: result.position.offset)
        appendMember("positioned", flag: result.positioned)
        appendMember("data", payload: result.data)
        appendMember("was_recovering", flag: result.wasRecovering)
        appendMember("delta", flag: result.delta)
        appendMember("id", number: result.channelID)
        appendMember("publish_debounce", number: result.publishDebounce)
    }

    mutating func appendMembers(of result: ConnectResult) {
        appendRequired("client", text: result.client)
        appendMember("version", text: result.version)
        appendExpiry(result.expiry)
        appendMember("data", payload: result.data)
        if !result.subs.isEmpty { appendSubscriptions(result.subs) }
        appendMember("ping", number: result.ping)
        appendMember("pong", flag: result.pong)
        appendMember("session", text: result.session)
        appendMember("node", text: result.node)
        appendMember("time", number: UInt64(clamping: result.time))
    }

    private mutating func appendSubscriptions(_ subs: [ServerSubscription]) {
        appendObject("subs") {
            for sub in subs {
                $0.appendComma()
                $0.appendJSONString(sub.channel.utf8)
                $0.append(ASCII.colon)
                $0.appendObject { $0.appendMembers(of: sub.result) }
            }
        }
    }
}
