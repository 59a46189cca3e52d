/// One JSON line of the server, as far as the bench must understand it.
///
/// Only the prefix is read: the server writes compact JSON with the type first, and the payloads are our own.
enum ServerLine: Equatable {
    /// Wants `{}` back.
    case ping
    case reply(id: UInt64)
    /// The command was refused with an error code of the protocol.
    case refusal(id: UInt64, code: UInt64)
    /// A message of some bench.
    case delivery(Stamp)
    case disconnect(code: UInt64)
    /// Joins, messages of others, and whatever a later server invents.
    case other

    private static let id = Array(#"{"id":"#.utf8)
    private static let error = Array(#","error":{"#.utf8)
    private static let code = Array(#""code":"#.utf8)
    private static let disconnect = Array(#"{"push":{"disconnect":{"#.utf8)

    init(_ line: ArraySlice<UInt8>) {
        if line.elementsEqual([UInt8(ascii: "{"), UInt8(ascii: "}")]) {
            self = .ping
        } else if line.starts(with: Self.id) {
            self = Self.reply(line.dropFirst(Self.id.count)) ?? .other
        } else if line.starts(with: Self.disconnect) {
            self = .disconnect(code: Self.code(in: line))
        } else {
            self = Stamp(in: line).map { .delivery($0) } ?? .other
        }
    }

    private static func reply(_ rest: ArraySlice<UInt8>) -> ServerLine? {
        let digits = digits(rest)
        guard let id = Stamp.decimal(digits) else { return nil }
        let body = rest.dropFirst(digits.count)
        return body.starts(with: error) ? .refusal(id: id, code: code(in: body)) : .reply(id: id)
    }

    private static func code(in line: ArraySlice<UInt8>) -> UInt64 {
        guard let start = Stamp.end(of: code, in: line) else { return 0 }
        return Stamp.decimal(digits(line[start...])) ?? 0
    }

    private static func digits(_ rest: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        rest.prefix { $0 >= 0x30 && $0 <= 0x39 }
    }
}
