// A message holds commands: in JSON one a line, in Protobuf each behind its length (protocol.md 2). The reader walks over
// them and can stop after any: it is a plain value, so a connection that has used up its budget keeps the reader and the
// unread bytes, and goes on later.

/// Why a message, or a part of it, is no command.
///
/// Always closes with 3501.
package enum CommandError: Error, Equatable, Sendable {
    case emptyFrame
    /// A line without content, at the offset in the message.
    case emptyLine(at: Int)
    case tooManyCommands(limit: Int)
    /// Offsets in the error count from the start of the line.
    case malformed(JSONError)
    /// Offsets in the error count from the start of the message.
    case malformedProtobuf(ProtobufError)

    package var disconnect: DisconnectCode { .badRequest }

    /// Metric label; a closed list.
    package var label: String {
        switch self {
        case .emptyFrame: "empty_frame"
        case .emptyLine: "empty_line"
        case .tooManyCommands: "too_many_commands"
        case .malformed(let error): error.label
        case .malformedProtobuf(let error): error.label
        }
    }
}

/// Takes the commands out of one message, in order.
package struct CommandReader: Sendable {
    /// Offset of the next unread byte: the first one of a command, or the end of the message.
    package private(set) var offset: Int
    /// Commands read from the message so far.
    package private(set) var commandCount: Int
    private let commandsMax: Int
    private let codec: Codec

    /// - Parameters:
    ///   - codec: The connection's.
    ///   - offset: Where the unread part of the message begins.
    ///   - commandCount: Commands read before. Pass it on when resuming, or the limit and the rule against empty frames
    ///     begin anew.
    ///   - commandsMax: Most commands in one message; the next one is refused.
    package init(
        codec: Codec = .json, from offset: Int = 0, commandCount: Int = 0,
        commandsMax: Int = ProtocolLimits.commandsPerFrame
    ) {
        self.codec = codec
        self.offset = offset
        self.commandCount = commandCount
        self.commandsMax = commandsMax
    }

    /// Whether the next call finds nothing more.
    package func isAtEnd(of message: Span<UInt8>) -> Bool { commandCount > 0 && offset >= message.count }

    /// Decodes the next command.
    ///
    /// - Parameter message: The same bytes at every call.
    /// - Returns: `nil` at the end of the message.
    /// - Throws: ``CommandError``; the message cannot be read further.
    package mutating func next(in message: Span<UInt8>) throws(CommandError) -> Command? {
        guard offset < message.count else {
            guard commandCount > 0 else { throw .emptyFrame }
            return nil
        }
        guard commandCount < commandsMax else { throw .tooManyCommands(limit: commandsMax) }
        let command =
            switch codec {
            case .json: try nextLine(in: message)
            case .protobuf: try nextDelimited(in: message)
            }
        commandCount &+= 1
        return command
    }
}

// JSON: the line break is the frame (protocol.md 2.1).
extension CommandReader {
    private mutating func nextLine(in message: Span<UInt8>) throws(CommandError) -> Command {
        let end = lineEnd(in: message)
        guard end > offset else { throw .emptyLine(at: offset) }
        let command = try Self.decode(message.extracting(offset..<end))
        // Past the line break; one at the very end is allowed, a second one is an empty line.
        offset = min(end &+ 1, message.count)
        return command
    }

    private func lineEnd(in message: Span<UInt8>) -> Int {
        var end = offset
        while end < message.count, message[end] != ASCII.lineFeed { end &+= 1 }
        return end
    }

    private static func decode(_ line: Span<UInt8>) throws(CommandError) -> Command {
        var scanner = JSONScanner()
        do {
            return try scanner.command(line)
        } catch {
            throw .malformed(error)
        }
    }
}

// Protobuf: the length stands before (protocol.md 2.2).
extension CommandReader {
    private mutating func nextDelimited(in message: Span<UInt8>) throws(CommandError) -> Command {
        do {
            return try delimited(in: message)
        } catch {
            throw .malformedProtobuf(error)
        }
    }

    private mutating func delimited(in message: Span<UInt8>) throws(ProtobufError) -> Command {
        var start = offset
        let length = try message.varint(at: &start)
        // Compared as it came: a length that is no `Int` is beyond the message in any case.
        guard length <= UInt64(message.count &- start) else { throw .unexpectedEnd(at: start) }
        let end = start &+ Int(truncatingIfNeeded: length)
        let command = try Command(protobuf: message.extracting(start..<end), at: start)
        offset = end
        return command
    }
}
