/// Incremental UTF-8 validation (RFC 3629): text arrives in pieces, and the first bad byte is refused at once.
///
/// Surrogates, overlong forms and everything above U+10FFFF are refused by the range allowed for the second byte,
/// so no code point is ever computed. Three bytes of state, no allocation.
@frozen public struct UTF8Validator: Sendable {
    /// Continuation bytes still owed; `.max` after a refusal, which nothing can end.
    @usableFromInline var owed: UInt8 = 0
    @usableFromInline var lowest: UInt8 = 0x80
    @usableFromInline var highest: UInt8 = 0xBF

    @inlinable public init() {}

    /// Whether the bytes so far end between two scalars; never again after a refusal.
    @inlinable public var isComplete: Bool { owed == 0 }

    /// Takes the next bytes of the text.
    ///
    /// - Returns: `false` from the first byte on that cannot continue valid UTF-8; the answer then stays `false`
    ///   for every later byte.
    public mutating func consume(_ bytes: Span<UInt8>) -> Bool {
        var index = 0
        while index < bytes.count {
            let end = min(index &+ Self.blockSize, bytes.count)
            if owed == 0, bytes.extracting(index..<end).isASCII {
                index = end
                continue
            }
            while index < end {
                guard step(bytes[index]) else { return false }
                index &+= 1
            }
        }
        return true
    }

    /// Two SSE registers; smaller blocks pay more per byte, bigger ones repeat more work around each umlaut.
    private static var blockSize: Int { 32 }

    private mutating func step(_ byte: UInt8) -> Bool {
        if owed == 0 { return byte < 0x80 || begin(byte) }
        guard byte >= lowest, byte <= highest else { return refuse() }
        return expect(owed &- 1)
    }

    /// The table of RFC 3629, section 4.
    private mutating func begin(_ lead: UInt8) -> Bool {
        switch lead {
        case 0xC2...0xDF: expect(1)
        case 0xE0: expect(2, from: 0xA0)
        case 0xED: expect(2, to: 0x9F)
        case 0xE1...0xEF: expect(2)
        case 0xF0: expect(3, from: 0x90)
        case 0xF1...0xF3: expect(3)
        case 0xF4: expect(3, to: 0x8F)
        default: refuse()
        }
    }

    private mutating func expect(_ count: UInt8, from low: UInt8 = 0x80, to high: UInt8 = 0xBF) -> Bool {
        (owed, lowest, highest) = (count, low, high)
        return true
    }

    private mutating func refuse() -> Bool {
        (owed, lowest, highest) = (.max, 1, 0)
        return false
    }
}

extension Span<UInt8> {
    /// Written without an early exit, so that the compiler makes vector code of it.
    fileprivate var isASCII: Bool {
        var union: UInt8 = 0
        for index in indices { union |= self[index] }
        return union < 0x80
    }
}
