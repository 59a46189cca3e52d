// What the server has said, read back from how it was written: for an operator who follows a client. So what he sees is
// what the client gets, and no writer has to tell twice. A decoding each, for the few messages that somebody looks at.

/// One reply or push, as a client gets it.
package struct SentMessage: Equatable, Sendable {
    /// Of the command that is answered; 0 for a push.
    package var id: UInt32 = 0
    package var isPush = false
    /// What it is in the protocol: `subscribe`, `error`, `pub`, `join`.
    package var name = ""
    /// Of a push; replies name none.
    package var channel = ""
    /// Of an error, an unsubscribe or a disconnect.
    package var code: UInt32?
    /// What goes with the code.
    package var reason = ""
    package var offset: UInt64 = 0
    /// Publications that it carries beside a push's own.
    package var publicationCount = 0
    /// Who published, joined or left; empty when nobody is named.
    package var user = ""
    package var client = ""
    /// The payload; a patch when ``isPatch``.
    package var data: [UInt8]?
    package var isPatch = false

    init() {}

    /// Reads one encoded reply or push; `nil` for a ping, and for what cannot be read.
    ///
    /// - Parameters:
    ///   - bytes: As a ``ReplyWriter`` or ``PushWriter`` wrote it: one message, in Protobuf behind its length.
    ///   - codec: Of that writer.
    package init?(_ bytes: Span<UInt8>, codec: Codec) {
        let message: SentMessage? =
            switch codec {
            case .json: SentMessage(json: bytes)
            case .protobuf: SentMessage(protobuf: bytes)
            }
        guard let message, !message.name.isEmpty else { return nil }
        self = message
    }
}

// MARK: - JSON

extension SentMessage {
    private init?(json bytes: Span<UInt8>) {
        self.init()
        // One deeper than a payload may be: histories hold payloads.
        var scanner = JSONScanner(depthMax: 64)
        do {
            var walk = ListWalk()
            while let key = try scanner.nextKey(&walk, bytes) {
                try readTop(key, &scanner, bytes)
            }
        } catch {
            return nil
        }
    }

    private mutating func readTop(
        _ key: String, _ scanner: inout JSONScanner, _ bytes: Span<UInt8>
    ) throws(JSONError) {
        switch key {
        case "id": id = try scanner.optionalInteger(UInt32.self, bytes) ?? 0
        case "push":
            isPush = true
            var walk = ListWalk()
            while let key = try scanner.nextKey(&walk, bytes) {
                if key == "channel" {
                    channel = try scanner.string(bytes)
                } else {
                    name = key
                    try readMembers(&scanner, bytes)
                }
            }
        default:
            name = key
            try readMembers(&scanner, bytes)
        }
    }

    private mutating func readMembers(
        _ scanner: inout JSONScanner, _ bytes: Span<UInt8>
    ) throws(JSONError) {
        var walk = ListWalk()
        while let key = try scanner.nextKey(&walk, bytes) {
            switch key {
            case "code": code = try scanner.optionalInteger(UInt32.self, bytes)
            case "message", "reason": reason = try scanner.string(bytes)
            case "offset": offset = try scanner.optionalInteger(UInt64.self, bytes) ?? 0
            case "data": data = try scanner.payload(bytes)
            case "delta" where isPush: isPatch = try scanner.optionalBool(bytes) ?? false
            case "publications": publicationCount = try Self.count(&scanner, bytes)
            case "info": try readInfo(&scanner, bytes)
            default: try scanner.skipValue(bytes)
            }
        }
    }

    private static func count(_ scanner: inout JSONScanner, _ bytes: Span<UInt8>) throws(JSONError) -> Int {
        var (walk, count) = (ListWalk(), 0)
        while try scanner.nextElement(&walk, bytes) {
            count += 1
            try scanner.skipValue(bytes)
        }
        return count
    }

    private mutating func readInfo(
        _ scanner: inout JSONScanner, _ bytes: Span<UInt8>
    ) throws(JSONError) {
        var walk = ListWalk()
        while let key = try scanner.nextKey(&walk, bytes) {
            switch key {
            case "user": user = try scanner.string(bytes)
            case "client": client = try scanner.string(bytes)
            default: try scanner.skipValue(bytes)
            }
        }
    }
}
