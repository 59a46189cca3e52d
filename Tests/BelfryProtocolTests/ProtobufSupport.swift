import Testing

@testable import BelfryProtocol

/// A field of a Protobuf message, written by hand: the tests take the numbers from the protocol paper, not from the
/// schema they are to prove.
indirect enum Field: Sendable {
    case number(Int, UInt64)
    case flag(Int)
    case text(Int, String)
    case bytes(Int, [UInt8])
    case message(Int, [Field])

    var encoded: [UInt8] {
        switch self {
        case .number(let field, let value): varint(UInt64(field) << 3) + varint(value)
        case .flag(let field): varint(UInt64(field) << 3) + [1]
        case .text(let field, let text): delimited(field, Array(text.utf8))
        case .bytes(let field, let bytes): delimited(field, bytes)
        case .message(let field, let fields): delimited(field, fields.flatMap(\.encoded))
        }
    }

    private func delimited(_ field: Int, _ bytes: [UInt8]) -> [UInt8] {
        varint(UInt64(field) << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }
}

func varint(_ value: UInt64) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
}

/// A message behind its length.
func frame(_ fields: [Field]) -> [UInt8] { frame(fields.flatMap(\.encoded)) }
func frame(_ message: [UInt8]) -> [UInt8] { varint(UInt64(message.count)) + message }

func bytes(_ write: (inout [UInt8]) -> Void) -> [UInt8] {
    var output: [UInt8] = []
    write(&output)
    return output
}

/// All commands of a Protobuf message.
func protobufCommands(_ message: [UInt8], commandsMax: Int = ProtocolLimits.commandsPerFrame)
    throws(CommandError) -> [Command]
{
    var reader = CommandReader(codec: .protobuf, commandsMax: commandsMax)
    var commands: [Command] = []
    while let command = try reader.next(in: message.span) { commands.append(command) }
    return commands
}

func protobufError(_ message: [UInt8]) -> CommandError? {
    do {
        _ = try protobufCommands(message)
        return nil
    } catch {
        return error
    }
}

func protobufError(_ fields: [Field]) -> CommandError? { protobufError(frame(fields)) }

func protobufRequest(_ fields: [Field]) throws -> Request {
    let all = try protobufCommands(frame(fields))
    return try #require(all.count == 1 ? all.first : nil).request
}

func hex(_ text: String) -> [UInt8] {
    var digits = text.utf8.compactMap { ASCII.hexValue($0) }[...]
    var bytes: [UInt8] = []
    while let high = digits.popFirst(), let low = digits.popFirst() { bytes.append(UInt8(high << 4 | low)) }
    return bytes
}
