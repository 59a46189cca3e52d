/// What a JSON value is, told by its first byte.
package enum JSONKind: Equatable, Sendable {
    case object, array, string, number, bool, null

    /// `nil` when no JSON value begins with `firstByte`.
    package init?(firstByte: UInt8) {
        switch firstByte {
        case ASCII.openBrace: self = .object
        case ASCII.openBracket: self = .array
        case ASCII.quote: self = .string
        case ASCII.minus, ASCII.zero...UInt8(ascii: "9"): self = .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): self = .bool
        case UInt8(ascii: "n"): self = .null
        default: return nil
        }
    }
}
