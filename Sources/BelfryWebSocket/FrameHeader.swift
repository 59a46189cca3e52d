/// A frame header as it comes in, byte by byte (RFC 6455, section 5.2): 6 to 14 bytes from a client.
///
/// Each rule is checked at the byte that decides it. Once whole, `remaining` counts the payload down.
struct FrameHeader {
    /// Payload bytes still to come.
    private(set) var remaining: UInt64 = 0
    private(set) var key = MaskingKey()
    private var first: UInt8 = 0
    private var second: UInt8 = 0
    private var byteCount: UInt8 = 0

    var isFinal: Bool { first & 0x80 != 0 }

    /// The message that begins here is compressed (RFC 7692, section 6).
    var isDeflated: Bool { first & 0x40 != 0 }

    /// Meaningful from the second byte on; a reserved opcode never gets that far.
    var opcode: Opcode { Opcode(rawValue: first & 0x0F) ?? .close }

    /// Takes the next byte; RSV1 has a meaning only where compression was agreed on.
    ///
    /// - Returns: Whether the header is whole.
    /// - Throws: The first rule broken.
    mutating func append(_ byte: UInt8, allowsDeflate: Bool) throws(FrameError) -> Bool {
        switch byteCount {
        case 0: first = byte
        case 1: try begin(byte, allowsDeflate)
        case ..<keyStart: try extendLength(byte)
        default: key.append(byte)
        }
        byteCount &+= 1
        return byteCount >= 2 && byteCount == keyStart &+ MaskingKey.byteCount
    }

    /// Unmasks the next part of the payload where it lies.
    mutating func unmask(_ input: inout MutableSpan<UInt8>, _ range: Range<Int>) {
        key.unmask(&input, range)
        remaining &-= UInt64(range.count)
    }

    private var startsMessage: Bool {
        first & 0x0F == Opcode.text.rawValue || first & 0x0F == Opcode.binary.rawValue
    }

    private var lengthMarker: UInt8 { second & 0x7F }

    private var keyStart: UInt8 {
        switch lengthMarker {
        case 126: 4
        case 127: 10
        default: 2
        }
    }

    private mutating func begin(_ byte: UInt8, _ allowsDeflate: Bool) throws(FrameError) {
        second = byte
        let reserved = (first &>> 4) & 0x7
        guard reserved == 0 || reserved == 4 && allowsDeflate && startsMessage else {
            throw .reservedBits(reserved)
        }
        guard let opcode = Opcode(rawValue: first & 0x0F) else { throw .reservedOpcode(first & 0x0F) }
        guard second & 0x80 != 0 else { throw .unmasked }
        if opcode.isControl {
            guard isFinal else { throw .fragmentedControl(opcode) }
            guard lengthMarker <= Opcode.controlPayloadBytesMax else { throw .controlTooLong(opcode) }
        }
        remaining = lengthMarker < 126 ? UInt64(lengthMarker) : 0
    }

    private mutating func extendLength(_ byte: UInt8) throws(FrameError) {
        remaining = remaining &<< 8 | UInt64(byte)
        guard byteCount &+ 1 == keyStart else { return }
        let least: UInt64 = lengthMarker == 126 ? 126 : 0x1_0000
        guard remaining >= least else { throw .lengthNotMinimal(remaining) }
        guard remaining <= Int64.max else { throw .lengthTooLarge(remaining) }
    }
}
