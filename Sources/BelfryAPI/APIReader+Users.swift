import BelfryProtocol

// Commands about the live connections of a user.

extension JSONScanner {
    mutating func subscribing(_ bytes: Span<UInt8>) throws(JSONError) -> SubscribeCommand {
        var command = SubscribeCommand()
        try members(bytes) { (scanner, bytes, key) throws(JSONError) in
            switch key {
            case "channel": command.channel = try scanner.optionalString(bytes) ?? ""
            case "info": command.info = try scanner.payload(bytes)
            case "b64info": command.encodedInfo = try scanner.optionalString(bytes)
            case "data": command.data = try scanner.payload(bytes)
            case "b64data": command.encodedData = try scanner.optionalString(bytes)
            case "recover_since": command.since = try scanner.position(in: bytes)
            case "override": command.override = try scanner.optionsOverride(bytes)
            default: return try command.selector.read(key, &scanner, bytes)
            }
            return true
        }
        return command
    }

    private mutating func optionsOverride(_ bytes: Span<UInt8>) throws(JSONError) -> OptionsOverride {
        var found = OptionsOverride()
        guard try !acceptNull(bytes) else { return found }
        try members(bytes) { (scanner, bytes, key) throws(JSONError) in
            switch key {
            case "presence": found.presence = try scanner.boxedFlag(bytes)
            case "join_leave": found.joinLeave = try scanner.boxedFlag(bytes)
            case "force_push_join_leave": found.forcePushJoinLeave = try scanner.boxedFlag(bytes)
            case "force_positioning": found.forcePositioning = try scanner.boxedFlag(bytes)
            case "force_recovery": found.forceRecovery = try scanner.boxedFlag(bytes)
            default: return false
            }
            return true
        }
        return found
    }

    /// A switch, written `{"value": true}`; an absent value is false.
    private mutating func boxedFlag(_ bytes: Span<UInt8>) throws(JSONError) -> Bool? {
        guard try !acceptNull(bytes) else { return nil }
        var flag = false
        try members(bytes) { (scanner, bytes, key) throws(JSONError) in
            guard key == "value" else { return false }
            flag = try scanner.optionalBool(bytes) ?? false
            return true
        }
        return flag
    }

    /// The other commands about users: what they have in common and what each adds.
    mutating func userCommand(_ method: APIMethod, _ bytes: Span<UInt8>) throws(JSONError) -> APICommand {
        var selector = UserSelector()
        var (channel, expression) = ("", "")
        var disconnect = DisconnectOrder()
        var refresh = RefreshOrder()
        try members(bytes) { (scanner, bytes, key) throws(JSONError) in
            if try selector.read(key, &scanner, bytes) { return true }
            switch (method, key) {
            case (.unsubscribe, "channel"): channel = try scanner.optionalString(bytes) ?? ""
            case (.connections, "expression"): expression = try scanner.optionalString(bytes) ?? ""
            case (.disconnect, _): return try disconnect.read(key, &scanner, bytes)
            case (.refresh, _): return try refresh.read(key, &scanner, bytes)
            default: return false
            }
            return true
        }
        switch method {
        case .disconnect: return .disconnect(selector, disconnect)
        case .refresh: return .refresh(selector, refresh)
        case .connections: return .connections(selector, expression: expression)
        default: return .unsubscribe(selector, channel: channel)
        }
    }
}

extension UserSelector {
    fileprivate mutating func read(
        _ key: String, _ scanner: inout JSONScanner, _ bytes: Span<UInt8>
    ) throws(JSONError) -> Bool {
        switch key {
        case "user": user = try scanner.optionalString(bytes) ?? ""
        case "client": client = try scanner.optionalString(bytes) ?? ""
        case "session": session = try scanner.optionalString(bytes) ?? ""
        default: return false
        }
        return true
    }
}

extension DisconnectOrder {
    fileprivate mutating func read(
        _ key: String, _ scanner: inout JSONScanner, _ bytes: Span<UInt8>
    ) throws(JSONError) -> Bool {
        switch key {
        case "whitelist": whitelist = try scanner.texts(bytes, limit: APILimits.whitelist)
        case "disconnect": try readCode(&scanner, bytes)
        default: return false
        }
        return true
    }

    private mutating func readCode(_ scanner: inout JSONScanner, _ bytes: Span<UInt8>) throws(JSONError) {
        guard try !scanner.acceptNull(bytes) else { return }
        var (code, reason): (UInt32, String) = (0, "")
        try scanner.members(bytes) { (scanner, bytes, key) throws(JSONError) in
            switch key {
            case "code": code = try scanner.optionalInteger(UInt32.self, bytes) ?? 0
            case "reason": reason = try scanner.optionalString(bytes) ?? ""
            default: return false
            }
            return true
        }
        (self.code, self.reason) = (code, reason)
    }
}

extension RefreshOrder {
    fileprivate mutating func read(
        _ key: String, _ scanner: inout JSONScanner, _ bytes: Span<UInt8>
    ) throws(JSONError) -> Bool {
        switch key {
        case "expired": isExpired = try scanner.optionalBool(bytes) ?? false
        case "expire_at": expireAt = try scanner.optionalInteger(Int64.self, bytes) ?? 0
        default: return false
        }
        return true
    }
}
