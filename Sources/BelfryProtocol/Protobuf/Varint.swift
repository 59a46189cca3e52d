// Base-128 numbers: seven bits a byte, the lowest first, the top bit says that more follow.

extension Span<UInt8> {
    /// Reads a number and moves `offset` past it.
    func varint(at offset: inout Int) throws(ProtobufError) -> UInt64 {
        let start = offset
        var value: UInt64 = 0
        // Ten bytes hold 64 bits, the last one a single bit of them.
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard offset < count else { throw .unexpectedEnd(at: start) }
            let byte = self[offset]
            offset &+= 1
            if shift == 63, byte > 1 { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .numberOutOfRange(at: start)
    }
}

extension [UInt8] {
    mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}
