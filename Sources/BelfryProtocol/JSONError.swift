/// Why bytes are not the JSON we asked for.
///
/// Offsets count bytes from the start of the text or line.
///
/// Every case answers the same way, close 3501 (protocol.md 2.1), so the cases exist for people: the metric label
/// and the offset say what a broken client does.
package enum JSONError: Error, Equatable, Sendable {
    // Grammar (RFC 8259).
    case unexpectedByte(at: Int)
    case unexpectedEnd(at: Int)
    case trailingBytes(at: Int)
    case controlCharacter(at: Int)
    case invalidEscape(at: Int)
    case invalidUTF8(at: Int)
    case nestedTooDeep(limit: Int)

    // Shape: JSON, but not the object we know.
    case wrongType(at: Int)
    case numberOutOfRange(at: Int)
    case loneSurrogate(at: Int)
    case duplicateField(at: Int)
    case tooManyElements(limit: Int)

    /// Metric label; a closed list.
    package var label: String {
        switch self {
        case .unexpectedByte: "unexpected_byte"
        case .unexpectedEnd: "unexpected_end"
        case .trailingBytes: "trailing_bytes"
        case .controlCharacter: "control_character"
        case .invalidEscape: "invalid_escape"
        case .invalidUTF8: "invalid_utf8"
        case .nestedTooDeep: "nested_too_deep"
        case .wrongType: "wrong_type"
        case .numberOutOfRange: "number_out_of_range"
        case .loneSurrogate: "lone_surrogate"
        case .duplicateField: "duplicate_field"
        case .tooManyElements: "too_many_elements"
        }
    }
}
