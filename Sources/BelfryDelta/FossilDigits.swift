/// The format's numbers: base 64 with an alphabet of its own, big-endian, no padding; and its checksum.
enum FossilDigits {
    /// Values 0 to 63.
    private static let alphabet = [UInt8](
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~".utf8)

    /// Digits of a number from 0 to `UInt32.max`: 1 to 6.
    static func digitCount(_ value: Int) -> Int {
        max(1, (Int.bitWidth &- value.leadingZeroBitCount &+ 5) / 6)
    }

    static func append(_ value: UInt32, to output: inout [UInt8]) {
        for place in stride(from: digitCount(Int(value)) &- 1, through: 0, by: -1) {
            output.append(alphabet[Int(value &>> UInt32(place &* 6) & 63)])
        }
    }

    /// The value of one digit.
    static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte &- UInt8(ascii: "0"))
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte &- UInt8(ascii: "A") &+ 10)
        case UInt8(ascii: "_"): 36
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte &- UInt8(ascii: "a") &+ 37)
        case UInt8(ascii: "~"): 63
        default: nil
        }
    }

    /// The sum modulo 2^32 of big-endian words, the last one filled with zeros on its right.
    static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
        var sum: UInt32 = 0
        for index in bytes.indices {
            sum &+= UInt32(bytes[index]) &<< UInt32(24 &- (index & 3) &* 8)
        }
        return sum
    }
}
