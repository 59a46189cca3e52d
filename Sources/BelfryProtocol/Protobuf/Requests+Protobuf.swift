import BelfryProtobufMessages

// The requests, field by field. An empty text or payload is an absent one: Protobuf does not tell them apart.

extension ConnectRequest {
    init(_ wire: WireConnectRequest) throws(ProtobufError) {
        guard wire.subs.count <= ProtocolLimits.connectSubscriptions else {
            throw .tooManyElements(limit: ProtocolLimits.connectSubscriptions)
        }
        guard wire.headers.count <= ProtocolLimits.connectHeaders else {
            throw .tooManyElements(limit: ProtocolLimits.connectHeaders)
        }
        self.init()
        token = Token(wire: wire.token)
        data = payload(wire.data)
        for (channel, sub) in wire.subs { subs[channel] = try SubscribeRequest(sub) }
        name = wire.name.cut(ProtocolLimits.clientNameBytes)
        version = wire.version.cut(ProtocolLimits.clientVersionBytes)
        headers = wire.headers
        flag = wire.flag
        dict = wire.dict
        profile = wire.profile
    }
}

extension SubscribeRequest {
    init(_ wire: WireSubscribeRequest) throws(ProtobufError) {
        self.init()
        channel = wire.channel
        token = Token(wire: wire.token)
        recover = wire.recover
        position = StreamPosition(offset: wire.offset, epoch: wire.epoch)
        data = payload(wire.data)
        positioned = wire.positioned
        recoverable = wire.recoverable
        joinLeave = wire.joinLeave
        delta = wire.delta
        if wire.hasTf {
            var nodesLeft = ProtocolLimits.filterNodes
            tagsFilter = try FilterNode(wire.tf, depth: 1, &nodesLeft)
        }
        flags = SubscribeFlags(rawValue: wire.flag)
        type = wire.type
        phase = wire.phase
        cursor = wire.cursor
        limit = wire.limit
        ascending = wire.asc
    }
}

extension FilterNode {
    fileprivate init(_ wire: WireFilterNode, depth: Int, _ nodesLeft: inout Int) throws(ProtobufError) {
        guard depth <= ProtocolLimits.filterDepth else {
            throw .nestedTooDeep(limit: ProtocolLimits.filterDepth)
        }
        guard nodesLeft > 0 else { throw .tooManyElements(limit: ProtocolLimits.filterNodes) }
        nodesLeft &-= 1
        guard wire.vals.count <= ProtocolLimits.filterValues else {
            throw .tooManyElements(limit: ProtocolLimits.filterValues)
        }
        self.init()
        op = wire.op
        key = wire.key
        cmp = wire.cmp
        val = wire.val
        vals = wire.vals
        for node in wire.nodes { nodes.append(try FilterNode(node, depth: depth &+ 1, &nodesLeft)) }
    }
}

extension PublishRequest {
    init(_ wire: WirePublishRequest) {
        self.init()
        channel = wire.channel
        data = payload(wire.data)
        form = PayloadForm(of: data ?? [])
        type = wire.type
        key = wire.key
        removed = wire.removed
    }
}

extension HistoryRequest {
    init(_ wire: WireHistoryRequest) {
        self.init()
        channel = wire.channel
        limit = wire.limit
        since = wire.hasSince ? StreamPosition(offset: wire.since.offset, epoch: wire.since.epoch) : nil
        reverse = wire.reverse
    }
}

extension RPCRequest {
    init(_ wire: WireRPCRequest) {
        self.init()
        method = wire.method
        data = payload(wire.data)
    }
}

extension SendRequest {
    init(_ wire: WireSendRequest) {
        self.init()
        data = payload(wire.data)
    }
}

extension RefreshRequest {
    init(_ wire: WireRefreshRequest) {
        self.init()
        token = Token(wire: wire.token)
    }
}

extension SubRefreshRequest {
    init(_ wire: WireSubRefreshRequest) {
        self.init()
        channel = wire.channel
        token = Token(wire: wire.token)
        type = wire.type
    }
}

extension Token {
    fileprivate init?(wire text: String) {
        guard !text.isEmpty else { return nil }
        self.init(Array(text.utf8))
    }
}

private func payload(_ field: WireBytes) -> [UInt8]? {
    let bytes = [UInt8](field: field)
    return bytes.isEmpty ? nil : bytes
}
