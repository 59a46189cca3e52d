/// What a server frame brought.
enum ServerMessage: Equatable {
    /// Text or binary, put together from its fragments.
    case data([UInt8])
    case ping([UInt8])
    case pong
    /// The close code, 1005 when the frame has none (RFC 6455, 7.1.5).
    case close(code: UInt16)
}

/// What a server may not do (RFC 6455, section 5).
enum ServerFrameError: Error, Equatable {
    /// Section 5.1: a server does not mask.
    case masked
    /// No extension was agreed on.
    case reservedBits
    case reservedOpcode(UInt8)
    /// A continuation without a beginning, a new message within another, or a fragmented control frame.
    case outOfTurn
    /// Longer than ``ServerFrameReader/messageBytesMax``, or a control frame over 125 bytes.
    case tooLong
}

/// Reads frames of a server from bytes as they come.
///
/// Holds at most one message and one read more.
struct ServerFrameReader {
    /// Room for the largest payload of a bench, its push around it, and many of them in one frame.
    static let messageBytesMax = 1_048_576

    private var input: [UInt8] = []
    private var start = 0
    private var fragments: [UInt8]?

    mutating func feed(_ bytes: ArraySlice<UInt8>) {
        if start > 0 {
            input.removeSubrange(..<start)
            start = 0
        }
        input += bytes
    }

    /// The next whole message; `nil` asks for more bytes.
    mutating func next() throws(ServerFrameError) -> ServerMessage? {
        while let header = try header() {
            let bodyStart = start + header.byteCount
            guard input.count - bodyStart >= header.payloadByteCount else { return nil }
            let payload = input[bodyStart..<bodyStart + header.payloadByteCount]
            start = payload.endIndex
            if let message = try message(header, payload) { return message }
        }
        return nil
    }

    private struct Header {
        var opcode: UInt8
        var isFinal: Bool
        var byteCount: Int
        var payloadByteCount: Int
    }

    private func header() throws(ServerFrameError) -> Header? {
        let bytes = input[start...]
        guard bytes.count >= 2 else { return nil }
        let (first, second) = (input[start], input[start + 1])
        guard first & 0x70 == 0 else { throw .reservedBits }
        guard second & 0x80 == 0 else { throw .masked }
        let isControl = first & 0x08 != 0
        if isControl, first & 0x80 == 0 { throw .outOfTurn }
        if isControl, second > 125 { throw .tooLong }
        let lengthBytes = second == 127 ? 8 : second == 126 ? 2 : 0
        guard bytes.count >= 2 + lengthBytes else { return nil }
        let extended = bytes.dropFirst(2).prefix(lengthBytes).reduce(0) { $0 &<< 8 | UInt64($1) }
        let length = lengthBytes == 0 ? UInt64(second) : extended
        guard length <= UInt64(Self.messageBytesMax) else { throw .tooLong }
        return Header(
            opcode: first & 0x0F, isFinal: first & 0x80 != 0, byteCount: 2 + lengthBytes,
            payloadByteCount: Int(length))
    }

    private mutating func message(
        _ header: Header, _ payload: ArraySlice<UInt8>
    ) throws(ServerFrameError) -> ServerMessage? {
        switch header.opcode {
        case 0x0:
            guard let begun = fragments else { throw .outOfTurn }
            return try part(begun + payload, isLast: header.isFinal)
        case 0x1, 0x2:
            guard fragments == nil else { throw .outOfTurn }
            return try part(Array(payload), isLast: header.isFinal)
        case ClientFrame.close: return .close(code: Self.closeCode(payload))
        case ClientFrame.ping: return .ping(Array(payload))
        case ClientFrame.pong: return .pong
        default: throw .reservedOpcode(header.opcode)
        }
    }

    private mutating func part(_ bytes: [UInt8], isLast: Bool) throws(ServerFrameError) -> ServerMessage? {
        guard bytes.count <= Self.messageBytesMax else { throw .tooLong }
        fragments = isLast ? nil : bytes
        return isLast ? .data(bytes) : nil
    }

    private static func closeCode(_ payload: ArraySlice<UInt8>) -> UInt16 {
        payload.count < 2 ? 1005 : payload.prefix(2).reduce(0) { $0 &<< 8 | UInt16($1) }
    }
}
