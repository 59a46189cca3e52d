/// The four bytes a client XORs its payload with (RFC 6455, section 5.3), first byte lowest.
struct MaskingKey {
    static let byteCount: UInt8 = 4

    private var bits: UInt32 = 0

    mutating func append(_ byte: UInt8) {
        bits = bits &>> 8 | UInt32(byte) &<< 24
    }

    /// Unmasks `range` where it lies and turns the key to the byte that comes next.
    mutating func unmask(_ input: inout MutableSpan<UInt8>, _ range: Range<Int>) {
        // A span of its own lets the compiler drop the bounds check and work on 16 bytes at a time: four times
        // as fast as indexing `input`. The standard library still spells this method with an underscore.
        var part = input._mutatingExtracting(range)
        let (first, second, third, fourth) = (byte(0), byte(1), byte(2), byte(3))
        let (odd, upper, both) = (first ^ second, first ^ third, first ^ second ^ third ^ fourth)
        for index in 0..<part.count {
            // The key's byte chosen by arithmetic on the index's low bits: a table or a shift defeats the
            // vectoriser.
            let isOdd = 0 &- (UInt8(truncatingIfNeeded: index) & 1)
            let isUpper = 0 &- (UInt8(truncatingIfNeeded: index &>> 1) & 1)
            part[index] ^= first ^ (odd & isOdd) ^ (upper & isUpper) ^ (both & isOdd & isUpper)
        }
        let turn = UInt32(truncatingIfNeeded: range.count & 3) &* 8
        bits = bits &>> turn | bits &<< (32 &- turn)
    }

    private func byte(_ index: UInt32) -> UInt8 {
        UInt8(truncatingIfNeeded: bits &>> (index &* 8))
    }
}
