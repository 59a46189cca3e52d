// One JSON object becomes one `Command`.
extension JSONScanner {
    /// The whole of `bytes` must be one command.
    mutating func command(_ bytes: Span<UInt8>) throws(JSONError) -> Command {
        skipWhitespace(bytes)
        var command = Command(id: 0, request: .empty)
        var rank = Int.max
        var walk = ObjectWalk<CommandField>()
        while let field = try nextField(&walk, bytes) {
            if field == .id {
                command.id = try optionalInteger(UInt32.self, bytes) ?? 0
            } else if let request = try optionalRequest(field, bytes), walk.index < rank {
                rank = walk.index
                command.request = request
            }
        }
        try finish(bytes)
        return command
    }

    private mutating func optionalRequest(
        _ field: CommandField, _ bytes: Span<UInt8>
    ) throws(JSONError) -> Request? {
        guard try !acceptNull(bytes) else { return nil }
        switch field {
        case .id: return nil
        case .connect: return .connect(try connectRequest(bytes))
        case .subscribe: return .subscribe(try subscribeRequest(bytes))
        case .unsubscribe: return .unsubscribe(try channelRequest(bytes))
        case .publish: return .publish(try publishRequest(bytes))
        case .presence: return .presence(try channelRequest(bytes))
        case .presenceStats: return .presenceStats(try channelRequest(bytes))
        case .history: return .history(try historyRequest(bytes))
        case .rpc: return .rpc(try rpcRequest(bytes))
        case .send: return .send(try sendRequest(bytes))
        case .refresh: return .refresh(try refreshRequest(bytes))
        case .subRefresh: return .subRefresh(try subRefreshRequest(bytes))
        case .ping:
            try skipObject(bytes)
            return .ping
        }
    }
}

extension JSONScanner {
    private mutating func channelRequest(_ bytes: Span<UInt8>) throws(JSONError) -> ChannelRequest {
        var request = ChannelRequest()
        var walk = ObjectWalk<ChannelField>()
        while let field = try nextField(&walk, bytes) {
            switch field {
            case .channel: request.channel = try optionalString(bytes) ?? ""
            }
        }
        return request
    }

    private mutating func publishRequest(_ bytes: Span<UInt8>) throws(JSONError) -> PublishRequest {
        var request = PublishRequest()
        var walk = ObjectWalk<PublishField>()
        while let field = try nextField(&walk, bytes) {
            switch field {
            case .channel: request.channel = try optionalString(bytes) ?? ""
            case .data: request.data = try payload(bytes)
            case .type: request.type = try optionalInteger(Int32.self, bytes) ?? 0
            case .key: request.key = try optionalString(bytes) ?? ""
            case .removed: request.removed = try optionalBool(bytes) ?? false
            }
        }
        return request
    }

    private mutating func historyRequest(_ bytes: Span<UInt8>) throws(JSONError) -> HistoryRequest {
        var request = HistoryRequest()
        var walk = ObjectWalk<HistoryField>()
        while let field = try nextField(&walk, bytes) {
            switch field {
            case .channel: request.channel = try optionalString(bytes) ?? ""
            case .limit: request.limit = try optionalInteger(Int32.self, bytes) ?? 0
            case .since: request.since = try optionalPosition(bytes)
            case .reverse: request.reverse = try optionalBool(bytes) ?? false
            }
        }
        return request
    }

    private mutating func optionalPosition(_ bytes: Span<UInt8>) throws(JSONError) -> StreamPosition? {
        guard try !acceptNull(bytes) else { return nil }
        var position = StreamPosition()
        var walk = ObjectWalk<PositionField>()
        while let field = try nextField(&walk, bytes) {
            switch field {
            case .offset: position.offset = try optionalInteger(UInt64.self, bytes) ?? 0
            case .epoch: position.epoch = try optionalString(bytes) ?? ""
            }
        }
        return position
    }

    private mutating func rpcRequest(_ bytes: Span<UInt8>) throws(JSONError) -> RPCRequest {
        var request = RPCRequest()
        var walk = ObjectWalk<CallField>()
        while let field = try nextField(&walk, bytes) {
            switch field {
            case .data: request.data = try payload(bytes)
            case .method: request.method = try optionalString(bytes) ?? ""
            }
        }
        return request
    }

    private mutating func sendRequest(_ bytes: Span<UInt8>) throws(JSONError) -> SendRequest {
        var request = SendRequest()
        request.data = try rpcRequest(bytes).data
        return request
    }

    private mutating func refreshRequest(_ bytes: Span<UInt8>) throws(JSONError) -> RefreshRequest {
        var request = RefreshRequest()
        request.token = try subRefreshRequest(bytes).token
        return request
    }

    private mutating func subRefreshRequest(_ bytes: Span<UInt8>) throws(JSONError) -> SubRefreshRequest {
        var request = SubRefreshRequest()
        var walk = ObjectWalk<RefreshField>()
        while let field = try nextField(&walk, bytes) {
            switch field {
            case .channel: request.channel = try optionalString(bytes) ?? ""
            case .token: request.token = try optionalToken(bytes)
            case .type: request.type = try optionalInteger(Int32.self, bytes) ?? 0
            }
        }
        return request
    }
}
