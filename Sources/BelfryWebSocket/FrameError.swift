/// How a peer broke RFC 6455.
///
/// Each case is fatal: answer with ``closeCode`` and ``reason``, flush, close.
package enum FrameError: Error, Equatable, Sendable {
    /// RSV bits set without an extension that defines them; the evidence is the three bits, RSV1 highest.
    case reservedBits(UInt8)
    case reservedOpcode(UInt8)
    /// Every client frame must be masked (section 5.1).
    case unmasked
    case fragmentedControl(Opcode)
    /// A control frame announced an extended length: more than 125 bytes (section 5.5).
    case controlTooLong(Opcode)
    case continuationWithoutStart
    /// A new data frame inside a fragmented message (section 5.4).
    case unfinishedMessage
    /// A length written in more bytes than it needs (section 5.2).
    case lengthNotMinimal(UInt64)
    /// A 64-bit length with its most significant bit set (section 5.2).
    case lengthTooLarge(UInt64)
    /// `byteCount` is what the message would have reached, saturated.
    case messageTooLong(byteCount: UInt64, limit: UInt64)
    case tooManyFragments(limit: UInt32)
    case invalidUTF8
    /// A compressed message that is no DEFLATE, or ends within a block (RFC 7692, section 7.2.2).
    case invalidDeflate
    case closePayloadOfOneByte
    case invalidCloseCode(UInt16)

    package var closeCode: CloseCode {
        switch self {
        case .invalidUTF8, .invalidDeflate: .invalidPayload
        case .messageTooLong, .tooManyFragments: .messageTooBig
        default: .protocolError
        }
    }

    /// The closed label set of `belfry_ws_protocol_errors_total`.
    package enum Kind: String, CaseIterable, Sendable {
        case reserved, unmasked, control, fragmentation, length, close, utf8
        case tooBig = "too_big"
        case deflate
    }

    package var kind: Kind {
        switch self {
        case .reservedBits, .reservedOpcode: .reserved
        case .unmasked: .unmasked
        case .fragmentedControl, .controlTooLong: .control
        case .continuationWithoutStart, .unfinishedMessage: .fragmentation
        case .lengthNotMinimal, .lengthTooLarge: .length
        case .messageTooLong, .tooManyFragments: .tooBig
        case .invalidUTF8: .utf8
        case .invalidDeflate: .deflate
        case .closePayloadOfOneByte, .invalidCloseCode: .close
        }
    }

    /// The reason text of our close frame: fixed words, nothing the peer sent.
    package var reason: String {
        switch self {
        case .reservedBits: "reserved bits set"
        case .reservedOpcode: "reserved opcode"
        case .unmasked: "client frames must be masked"
        case .fragmentedControl: "fragmented control frame"
        case .controlTooLong: "control frame over 125 bytes"
        case .continuationWithoutStart: "continuation without a message"
        case .unfinishedMessage: "new message inside a fragmented one"
        case .lengthNotMinimal: "length not minimal"
        case .lengthTooLarge: "length over 63 bits"
        case .messageTooLong: "message too big"
        case .tooManyFragments: "too many fragments"
        case .invalidUTF8: "invalid UTF-8"
        case .invalidDeflate: "invalid compressed data"
        case .closePayloadOfOneByte: "close payload of one byte"
        case .invalidCloseCode: "invalid close code"
        }
    }
}
