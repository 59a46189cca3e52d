import BelfryAuth
package import BelfryProtocol

// From a request's body to a command. Unknown fields are ignored, as everywhere in the protocol (3.3); a known field
// of another type, or one that stands twice, makes the whole body unreadable.

package enum APIReader {
    /// Reads the body of a call; an empty one counts as `{}`.
    package static func command(_ method: APIMethod, _ body: [UInt8]) throws(JSONError) -> APICommand {
        var scanner = JSONScanner()
        let bytes = body.isEmpty ? Array("{}".utf8) : body
        scanner.skipWhitespace(bytes.span)
        let command = try scanner.command(method, bytes.span)
        try scanner.finish(bytes.span)
        return command
    }
}

extension JSONScanner {
    fileprivate mutating func command(
        _ method: APIMethod, _ bytes: Span<UInt8>
    ) throws(JSONError) -> APICommand {
        switch method {
        case .publish: return .publish(try publishing(toMany: false, bytes).command)
        case .broadcast:
            let (channels, command) = try publishing(toMany: true, bytes)
            return .broadcast(channels: channels, command)
        case .subscribe: return .subscribe(try subscribing(bytes))
        case .unsubscribe, .disconnect, .refresh, .connections: return try userCommand(method, bytes)
        case .presence: return .presence(channel: try text("channel", bytes))
        case .presenceStats: return .presenceStats(channel: try text("channel", bytes))
        case .history: return .history(try historyCommand(bytes))
        case .historyRemove: return .historyRemove(channel: try text("channel", bytes))
        case .channels: return .channels(pattern: try text("pattern", bytes))
        case .batch: return try batch(bytes)
        case .block: return .block(try denialCommand(method, bytes))
        case .unblock: return .unblock(try denialCommand(method, bytes))
        case .revoke: return .revoke(try denialCommand(method, bytes))
        case .info, .denials, .rpc:
            try members(bytes) { (_, _, _) throws(JSONError) in false }
            return method == .info ? .info : method == .denials ? .denials : .rpc
        }
    }

    /// Walks over an object's members; `read` says whether it knows the key, and then has read its value.
    mutating func members(
        _ bytes: Span<UInt8>,
        _ read: (inout JSONScanner, Span<UInt8>, String) throws(JSONError) -> Bool
    ) throws(JSONError) {
        var walk = ListWalk()
        var seen: Set<String> = []
        while let key = try nextKey(&walk, bytes) {
            let start = position
            guard try read(&self, bytes, key) else {
                try skipValue(bytes)
                continue
            }
            guard seen.insert(key).inserted else { throw .duplicateField(at: start) }
        }
    }

    /// An object of which one text matters.
    private mutating func text(_ name: String, _ bytes: Span<UInt8>) throws(JSONError) -> String {
        var text = ""
        try members(bytes) { (scanner, bytes, key) throws(JSONError) in
            guard key == name else { return false }
            text = try scanner.optionalString(bytes) ?? ""
            return true
        }
        return text
    }

    mutating func texts(_ bytes: Span<UInt8>, limit: Int) throws(JSONError) -> [String] {
        var texts: [String] = []
        guard try !acceptNull(bytes) else { return texts }
        var walk = ListWalk()
        while try nextElement(&walk, bytes) {
            guard texts.count < limit else { throw .tooManyElements(limit: limit) }
            texts.append(try string(bytes))
        }
        return texts
    }

    mutating func position(in bytes: Span<UInt8>) throws(JSONError) -> StreamPosition? {
        guard try !acceptNull(bytes) else { return nil }
        var position = StreamPosition()
        try members(bytes) { (scanner, bytes, key) throws(JSONError) in
            switch key {
            case "offset": position.offset = try scanner.optionalInteger(UInt64.self, bytes) ?? 0
            case "epoch": position.epoch = try scanner.optionalString(bytes) ?? ""
            default: return false
            }
            return true
        }
        return position
    }

    private mutating func historyCommand(_ bytes: Span<UInt8>) throws(JSONError) -> HistoryCommand {
        var command = HistoryCommand()
        try members(bytes) { (scanner, bytes, key) throws(JSONError) in
            switch key {
            case "channel": command.channel = try scanner.optionalString(bytes) ?? ""
            case "limit": command.limit = try scanner.optionalInteger(Int32.self, bytes) ?? 0
            case "since": command.since = try scanner.position(in: bytes)
            case "reverse": command.isReverse = try scanner.optionalBool(bytes) ?? false
            default: return false
            }
            return true
        }
        return command
    }
}

// A batch: {"commands": [{"publish": {…}}, {"presence": {…}}], "parallel": true}
extension JSONScanner {
    private mutating func batch(_ bytes: Span<UInt8>) throws(JSONError) -> APICommand {
        var items: [BatchItem] = []
        var isParallel = false
        try members(bytes) { (scanner, bytes, key) throws(JSONError) in
            switch key {
            case "commands": items = try scanner.batchItems(bytes)
            case "parallel": isParallel = try scanner.optionalBool(bytes) ?? false
            default: return false
            }
            return true
        }
        return .batch(items, isParallel: isParallel)
    }

    private mutating func batchItems(_ bytes: Span<UInt8>) throws(JSONError) -> [BatchItem] {
        var items: [BatchItem] = []
        guard try !acceptNull(bytes) else { return items }
        var walk = ListWalk()
        while try nextElement(&walk, bytes) {
            guard items.count < APILimits.batchCommands else {
                throw .tooManyElements(limit: APILimits.batchCommands)
            }
            items.append(try batchItem(bytes))
        }
        return items
    }

    /// Exactly one method a command; a batch in a batch is none.
    private mutating func batchItem(_ bytes: Span<UInt8>) throws(JSONError) -> BatchItem {
        let start = position
        var item: BatchItem?
        try members(bytes) { (scanner, bytes, key) throws(JSONError) in
            guard let method = APIMethod(rawValue: key), method != .batch, item == nil else {
                throw .wrongType(at: start)
            }
            item = BatchItem(method: method, command: try scanner.command(method, bytes))
            return true
        }
        guard let item else { throw .wrongType(at: start) }
        return item
    }
}
