// The frames a server sends: unmasked, never fragmented, so one header and the payload.

/// Encodes whole frames (RFC 6455, section 5.2).
package enum FrameEncoder {
    /// The longest header of a server frame, in bytes.
    @inlinable package static var headerBytesMax: Int { 10 }

    /// The header's size for a payload of `payloadByteCount` bytes: 2, 4 or 10.
    @inlinable package static func headerByteCount(payloadByteCount: Int) -> Int {
        if payloadByteCount <= 125 { return 2 }
        return payloadByteCount <= 0xFFFF ? 4 : 10
    }

    /// Appends the header of a frame whose payload the caller appends next.
    ///
    /// With `isDeflated` the payload is a compressed message (RFC 7692, section 6).
    @inlinable package static func appendHeader(
        opcode: Opcode, payloadByteCount: Int, isDeflated: Bool = false, to output: inout [UInt8]
    ) {
        precondition(
            !opcode.isControl || payloadByteCount <= Opcode.controlPayloadBytesMax,
            "a control frame carries at most 125 bytes (RFC 6455, 5.5)")
        output.append(0x80 | (isDeflated ? 0x40 : 0) | opcode.rawValue)
        switch headerByteCount(payloadByteCount: payloadByteCount) {
        case 2:
            output.append(UInt8(truncatingIfNeeded: payloadByteCount))
        case 4:
            output.append(126)
            appendBigEndian(payloadByteCount, byteCount: 2, to: &output)
        default:
            output.append(127)
            appendBigEndian(payloadByteCount, byteCount: 8, to: &output)
        }
    }

    /// Appends a whole frame; a control frame of more than 125 bytes is a bug of the caller.
    package static func append(opcode: Opcode, payload: Span<UInt8>, to output: inout [UInt8]) {
        appendHeader(opcode: opcode, payloadByteCount: payload.count, to: &output)
        output.append(copying: payload)
    }

    /// A whole frame in an array of exactly its size, to be shared by all its receivers.
    package static func frame(opcode: Opcode, payload: Span<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(headerByteCount(payloadByteCount: payload.count) &+ payload.count)
        append(opcode: opcode, payload: payload, to: &output)
        return output
    }

    /// A whole frame with a compressed message (RFC 7692, section 6), in an array of exactly its size.
    package static func deflatedFrame(opcode: Opcode, payload: Span<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(headerByteCount(payloadByteCount: payload.count) &+ payload.count)
        appendHeader(opcode: opcode, payloadByteCount: payload.count, isDeflated: true, to: &output)
        output.append(copying: payload)
        return output
    }

    /// Where the payload of a whole server frame lies.
    package static func payloadRange(of frame: Span<UInt8>) -> Range<Int> {
        let header =
            switch frame[1] {
            case 126: 4
            case 127: 10
            default: 2
            }
        return header..<frame.count
    }

    /// A whole close frame.
    ///
    /// - Parameters:
    ///   - code: One that may be sent; see ``CloseCode/isValidOnWire``.
    ///   - reason: Cut to 123 bytes between two scalars.
    /// - Returns: An array of exactly the frame's size.
    package static func closeFrame(_ code: CloseCode, reason: String) -> [UInt8] {
        assert(code.isValidOnWire, "\(code.rawValue) only describes a connection to its own side")
        var body: [UInt8] = []
        body.reserveCapacity(Opcode.controlPayloadBytesMax)
        appendBigEndian(Int(code.rawValue), byteCount: 2, to: &body)
        for scalar in reason.unicodeScalars {
            guard body.count &+ UTF8.width(scalar) <= Opcode.controlPayloadBytesMax else { break }
            body.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
        return frame(opcode: .close, payload: body.span)
    }

    @usableFromInline static func appendBigEndian(_ value: Int, byteCount: Int, to output: inout [UInt8]) {
        for shift in stride(from: (byteCount &- 1) &* 8, through: 0, by: -8) {
            output.append(UInt8(truncatingIfNeeded: value &>> shift))
        }
    }
}
