/// 32 bytes that stand for an audit entry and all before it, written as 64 lower-case hexadecimal digits.
package struct ChainValue: Hashable, Sendable, CustomStringConvertible {
    private static let wordCount = 4

    private var words = InlineWords()

    /// Big-endian words; a tuple in all but name, because an `InlineArray` is not `Hashable`.
    private struct InlineWords: Hashable, Sendable {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var third: UInt64 = 0
        var fourth: UInt64 = 0
    }

    /// The first 32 of `bytes`; missing ones count as 0.
    package init(_ bytes: some Sequence<UInt8>) {
        var iterator = bytes.makeIterator()
        words.first = Self.word(&iterator)
        words.second = Self.word(&iterator)
        words.third = Self.word(&iterator)
        words.fourth = Self.word(&iterator)
    }

    /// `nil` unless there are 64 lower-case hexadecimal digits.
    package init?(hex digits: some Collection<UInt8>) {
        guard digits.count == Self.wordCount * 16 else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in digits {
            guard let nibble = Self.nibble(digit) else { return nil }
            if let left = high { bytes.append(left << 4 | nibble) }
            high = high == nil ? nibble : nil
        }
        self.init(bytes)
    }

    package static func random() -> ChainValue {
        var generator = SystemRandomNumberGenerator()
        return ChainValue((0..<32).map { _ in UInt8.random(in: 0 ... .max, using: &generator) })
    }

    private var all: [UInt64] { [words.first, words.second, words.third, words.fourth] }

    /// A quarter of it, for tables that may be wrong once in 2^64.
    package var short: UInt64 { words.first }

    package func append(to bytes: inout [UInt8]) {
        for word in all {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
    }

    package func appendHex(to bytes: inout [UInt8]) {
        for word in all {
            for shift in stride(from: 60, through: 0, by: -4) {
                bytes.append(Self.digits[Int(word >> UInt64(shift) & 0xF)])
            }
        }
    }

    package var description: String {
        var bytes: [UInt8] = []
        appendHex(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func word(_ iterator: inout some IteratorProtocol<UInt8>) -> UInt64 {
        (0..<8).reduce(0) { word, _ in word << 8 | UInt64(iterator.next() ?? 0) }
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit &- 0x30
        case 0x61...0x66: digit &- 0x57
        default: nil
        }
    }
}
