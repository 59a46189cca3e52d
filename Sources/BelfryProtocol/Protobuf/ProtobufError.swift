import BelfryProtobufMessages

/// Why bytes are not the Protobuf we asked for.
///
/// Offsets count bytes from the start of the message. Answered as ``JSONError`` is, close 3501; where the crime is
/// the same, so is the label.
///
/// Fewer things are crimes here than in JSON: the encoding itself says that an unknown field, and a known one of another
/// wire type, are skipped, and that of a field met twice the last one counts.
package enum ProtobufError: Error, Equatable, Sendable {
    /// A length that ends before it is whole.
    ///
    /// Or a command shorter than its length says.
    case unexpectedEnd(at: Int)
    /// A length beyond 64 bits.
    case numberOutOfRange(at: Int)
    /// Something inside the command that starts here breaks the encoding.
    case invalidEncoding(at: Int)
    /// A text inside the command that starts here.
    case invalidUTF8(at: Int)
    case nestedTooDeep(limit: Int)
    case tooManyElements(limit: Int)

    /// Metric label; a closed list.
    package var label: String {
        switch self {
        case .unexpectedEnd: "unexpected_end"
        case .numberOutOfRange: "number_out_of_range"
        case .invalidEncoding: "invalid_encoding"
        case .invalidUTF8: "invalid_utf8"
        case .nestedTooDeep: "nested_too_deep"
        case .tooManyElements: "too_many_elements"
        }
    }

    /// - Parameters:
    ///   - error: What the decoder says.
    ///   - offset: Where the command starts.
    init(_ error: WireFault, at offset: Int) {
        switch error {
        case .truncated: self = .unexpectedEnd(at: offset)
        case .invalidUTF8: self = .invalidUTF8(at: offset)
        case .nestedTooDeep: self = .nestedTooDeep(limit: ProtocolLimits.messageDepth)
        case .invalidEncoding: self = .invalidEncoding(at: offset)
        }
    }
}
