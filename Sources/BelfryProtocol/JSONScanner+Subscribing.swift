// The two large requests: connect and subscribe.
extension JSONScanner {
    mutating func connectRequest(_ bytes: Span<UInt8>) throws(JSONError) -> ConnectRequest {
        var request = ConnectRequest()
        var walk = ObjectWalk<ConnectField>()
        while let field = try nextField(&walk, bytes) {
            switch field {
            case .token: request.token = try optionalToken(bytes)
            case .data: request.data = try payload(bytes)
            case .subs: request.subs = try subscriptions(bytes)
            case .name: request.name = try cutString(bytes, ProtocolLimits.clientNameBytes)
            case .version: request.version = try cutString(bytes, ProtocolLimits.clientVersionBytes)
            case .headers: request.headers = try headers(bytes)
            case .flag: request.flag = try optionalInteger(Int64.self, bytes) ?? 0
            case .dict: request.dict = try optionalString(bytes) ?? ""
            case .profile: request.profile = try optionalString(bytes) ?? ""
            }
        }
        return request
    }

    private mutating func subscriptions(_ bytes: Span<UInt8>) throws(JSONError) -> [String: SubscribeRequest]
    {
        try map(bytes, limit: ProtocolLimits.connectSubscriptions) { (scanner, bytes) throws(JSONError) in
            try scanner.subscribeRequest(bytes)
        }
    }

    private mutating func headers(_ bytes: Span<UInt8>) throws(JSONError) -> [String: String] {
        try map(bytes, limit: ProtocolLimits.connectHeaders) { (scanner, bytes) throws(JSONError) in
            try scanner.string(bytes)
        }
    }

    /// An object used as a map: `null` values are absent, a key met twice is refused.
    private mutating func map<Value>(
        _ bytes: Span<UInt8>,
        limit: Int,
        _ read: (inout JSONScanner, Span<UInt8>) throws(JSONError) -> Value
    ) throws(JSONError) -> [String: Value] {
        var map: [String: Value] = [:]
        guard try !acceptNull(bytes) else { return map }
        var walk = ListWalk()
        while let key = try nextKey(&walk, bytes) {
            guard try !acceptNull(bytes) else { continue }
            guard map.count < limit else { throw .tooManyElements(limit: limit) }
            let start = position
            guard map.updateValue(try read(&self, bytes), forKey: key) == nil else {
                throw .duplicateField(at: start)
            }
        }
        return map
    }
}

extension JSONScanner {
    mutating func subscribeRequest(_ bytes: Span<UInt8>) throws(JSONError) -> SubscribeRequest {
        var request = SubscribeRequest()
        var walk = ObjectWalk<SubscribeField>()
        while let field = try nextField(&walk, bytes) {
            switch field {
            case .channel: request.channel = try optionalString(bytes) ?? ""
            case .token: request.token = try optionalToken(bytes)
            case .recover: request.recover = try optionalBool(bytes) ?? false
            case .epoch: request.position.epoch = try optionalString(bytes) ?? ""
            case .offset: request.position.offset = try optionalInteger(UInt64.self, bytes) ?? 0
            case .data: request.data = try payload(bytes)
            case .positioned: request.positioned = try optionalBool(bytes) ?? false
            case .recoverable: request.recoverable = try optionalBool(bytes) ?? false
            case .joinLeave: request.joinLeave = try optionalBool(bytes) ?? false
            case .delta: request.delta = try optionalString(bytes) ?? ""
            case .tagsFilter: request.tagsFilter = try optionalFilter(bytes)
            case .flag: request.flags = SubscribeFlags(rawValue: try optionalInteger(Int64.self, bytes) ?? 0)
            case .type: request.type = try optionalInteger(Int32.self, bytes) ?? 0
            case .phase: request.phase = try optionalInteger(Int32.self, bytes) ?? 0
            case .cursor: request.cursor = try optionalString(bytes) ?? ""
            case .limit: request.limit = try optionalInteger(Int32.self, bytes) ?? 0
            case .ascending: request.ascending = try optionalBool(bytes) ?? false
            }
        }
        return request
    }
}

// Tags filters are the only recursive object of the protocol, so their depth and size are counted here.
extension JSONScanner {
    private mutating func optionalFilter(_ bytes: Span<UInt8>) throws(JSONError) -> FilterNode? {
        guard try !acceptNull(bytes) else { return nil }
        var nodesLeft = ProtocolLimits.filterNodes
        return try filter(bytes, depth: 1, &nodesLeft)
    }

    private mutating func filter(
        _ bytes: Span<UInt8>, depth: Int, _ nodesLeft: inout Int
    ) throws(JSONError) -> FilterNode {
        guard depth <= ProtocolLimits.filterDepth else {
            throw .nestedTooDeep(limit: ProtocolLimits.filterDepth)
        }
        guard nodesLeft > 0 else { throw .tooManyElements(limit: ProtocolLimits.filterNodes) }
        nodesLeft &-= 1
        var node = FilterNode()
        var walk = ObjectWalk<FilterField>()
        while let field = try nextField(&walk, bytes) {
            switch field {
            case .op: node.op = try optionalString(bytes) ?? ""
            case .key: node.key = try optionalString(bytes) ?? ""
            case .cmp: node.cmp = try optionalString(bytes) ?? ""
            case .val: node.val = try optionalString(bytes) ?? ""
            case .vals: node.vals = try filterValues(bytes)
            case .nodes: node.nodes = try filterNodes(bytes, depth: depth &+ 1, &nodesLeft)
            }
        }
        return node
    }

    private mutating func filterNodes(
        _ bytes: Span<UInt8>, depth: Int, _ nodesLeft: inout Int
    ) throws(JSONError) -> [FilterNode] {
        var nodes: [FilterNode] = []
        guard try !acceptNull(bytes) else { return nodes }
        var walk = ListWalk()
        while try nextElement(&walk, bytes) { nodes.append(try filter(bytes, depth: depth, &nodesLeft)) }
        return nodes
    }

    private mutating func filterValues(_ bytes: Span<UInt8>) throws(JSONError) -> [String] {
        var values: [String] = []
        guard try !acceptNull(bytes) else { return values }
        var walk = ListWalk()
        while try nextElement(&walk, bytes) {
            guard values.count < ProtocolLimits.filterValues else {
                throw .tooManyElements(limit: ProtocolLimits.filterValues)
            }
            values.append(try string(bytes))
        }
        return values
    }
}
