import BelfryProtobufMessages

// One Protobuf message becomes one `Command`. The generated types end here: past this file nobody knows them.

extension Command {
    /// The whole of `bytes` must be one command.
    ///
    /// - Parameters:
    ///   - bytes: Without the length before them.
    ///   - offset: Where `bytes` begin in the message, for errors.
    /// - Throws: ``ProtobufError``.
    init(protobuf bytes: Span<UInt8>, at offset: Int) throws(ProtobufError) {
        try ElementCount.check(bytes)
        let wire: WireCommand
        do {
            wire = try WireCommand(bytes: bytes, depthMax: ProtocolLimits.messageDepth)
        } catch {
            throw ProtobufError(error, at: offset)
        }
        self.init(id: wire.id, request: try Request(wire))
    }
}

extension Request {
    /// The first one in the order of dispatch (protocol.md 4, rule 4); the others are not looked at.
    fileprivate init(_ wire: WireCommand) throws(ProtobufError) {
        if wire.hasConnect {
            self = .connect(try ConnectRequest(wire.connect))
        } else if wire.hasSubscribe {
            self = .subscribe(try SubscribeRequest(wire.subscribe))
        } else if wire.hasUnsubscribe {
            self = .unsubscribe(ChannelRequest(channel: wire.unsubscribe.channel))
        } else if wire.hasPublish {
            self = .publish(PublishRequest(wire.publish))
        } else if wire.hasPresence {
            self = .presence(ChannelRequest(channel: wire.presence.channel))
        } else if wire.hasPresenceStats {
            self = .presenceStats(ChannelRequest(channel: wire.presenceStats.channel))
        } else if wire.hasHistory {
            self = .history(HistoryRequest(wire.history))
        } else {
            self = Self.other(wire)
        }
    }

    private static func other(_ wire: WireCommand) -> Request {
        if wire.hasRpc { return .rpc(RPCRequest(wire.rpc)) }
        if wire.hasSend { return .send(SendRequest(wire.send)) }
        if wire.hasRefresh { return .refresh(RefreshRequest(wire.refresh)) }
        if wire.hasSubRefresh { return .subRefresh(SubRefreshRequest(wire.subRefresh)) }
        return wire.hasPing ? .ping : .empty
    }
}
