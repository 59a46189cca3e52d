import BelfryProtocol

extension JSONScanner {
    /// publish and broadcast, which differ in whether they name one channel or many.
    mutating func publishing(
        toMany isBroadcast: Bool, _ bytes: Span<UInt8>
    ) throws(JSONError) -> (channels: [String], command: PublishCommand) {
        var command = PublishCommand()
        var channels: [String] = []
        try members(bytes) { (scanner, bytes, key) throws(JSONError) in
            switch key {
            case "channel" where !isBroadcast: command.channel = try scanner.optionalString(bytes) ?? ""
            case "channels" where isBroadcast:
                channels = try scanner.texts(bytes, limit: APILimits.broadcastChannels)
            default: return try command.read(key, &scanner, bytes)
            }
            return true
        }
        return (channels, command)
    }

    fileprivate mutating func tags(_ bytes: Span<UInt8>) throws(JSONError) -> [Tag] {
        var tags: [Tag] = []
        guard try !acceptNull(bytes) else { return tags }
        try members(bytes) { (scanner, bytes, key) throws(JSONError) in
            guard tags.count < APILimits.tags else { throw .tooManyElements(limit: APILimits.tags) }
            tags.append(Tag(key, try scanner.string(bytes)))
            return true
        }
        return tags
    }
}

extension PublishCommand {
    fileprivate mutating func read(
        _ key: String, _ scanner: inout JSONScanner, _ bytes: Span<UInt8>
    ) throws(JSONError) -> Bool {
        switch key {
        case "data": data = try scanner.payload(bytes)
        case "b64data": encodedData = try scanner.optionalString(bytes)
        case "tags": tags = try scanner.tags(bytes)
        case "skip_history": skipsHistory = try scanner.optionalBool(bytes) ?? false
        case "idempotency_key": idempotencyKey = try scanner.optionalString(bytes) ?? ""
        case "delta": usesDelta = try scanner.optionalBool(bytes) ?? false
        case "version": version = try scanner.optionalInteger(UInt64.self, bytes) ?? 0
        case "version_epoch": versionEpoch = try scanner.optionalString(bytes) ?? ""
        default: return false
        }
        return true
    }
}
