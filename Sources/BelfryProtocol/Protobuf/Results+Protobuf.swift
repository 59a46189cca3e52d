import BelfryProtobufMessages

// What the server says, as the generated messages. Fields with their zero value do not travel; the presence of an empty
// message does.

extension WireClientInfo {
    init(_ info: ClientInfo) {
        self.init()
        user = info.user
        client = info.client
        if let bytes = info.connInfo { connInfo = bytes.field }
        if let bytes = info.chanInfo { chanInfo = bytes.field }
    }
}

extension WireJoinOrLeave {
    init(_ client: ClientInfo) {
        self.init()
        info = WireClientInfo(client)
    }
}

extension WirePublication {
    init(_ publication: Publication) {
        self.init()
        data = publication.data.field
        if let client = publication.info { info = WireClientInfo(client) }
        offset = publication.offset
        for tag in publication.tags { tags[tag.key] = tag.value }
        delta = publication.isDelta
        time = publication.time
        epoch = publication.epoch
    }
}

extension WireSubscribeResult {
    init(_ result: SubscribeResult) {
        self.init()
        expires = result.expiry != nil
        ttl = result.expiry?.ttl ?? 0
        recoverable = result.recoverable
        epoch = result.position.epoch
        publications = result.publications.map { WirePublication($0) }
        recovered = result.recovered
        offset = result.position.offset
        positioned = result.positioned
        if let bytes = result.data { data = bytes.field }
        wasRecovering = result.wasRecovering
        delta = result.delta
        id = Int64(clamping: result.channelID)
        publishDebounce = result.publishDebounce
    }
}

extension WireConnectResult {
    init(_ result: ConnectResult) {
        self.init()
        client = result.client
        version = result.version
        expires = result.expiry != nil
        ttl = result.expiry?.ttl ?? 0
        if let bytes = result.data { data = bytes.field }
        for sub in result.subs { subs[sub.channel] = WireSubscribeResult(sub.result) }
        ping = result.ping
        pong = result.pong
        session = result.session
        node = result.node
        time = result.time
    }
}

extension WireConnect {
    init(_ result: ConnectResult) {
        let reply = WireConnectResult(result)
        self.init()
        client = reply.client
        version = reply.version
        data = reply.data
        subs = reply.subs
        expires = reply.expires
        ttl = reply.ttl
        ping = reply.ping
        pong = reply.pong
        session = reply.session
        node = reply.node
        time = reply.time
    }
}

extension WireHistoryResult {
    init(_ result: HistoryResult) {
        self.init()
        publications = result.publications.map { WirePublication($0) }
        epoch = result.position.epoch
        offset = result.position.offset
    }
}
