// Loops over the bytes of a head. They are written with `while`: a `for` over a range checks for overflow and bounds
// again at every step, which doubles what a byte costs.

extension Span<UInt8> {
    /// Whether both hold the same bytes.
    func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        var index = 0
        while index < count, self[index] == other[index] { index &+= 1 }
        return index == count
    }

    /// The same, with ASCII letters of either case being one.
    func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        var index = 0
        while index < count {
            let difference = self[index] ^ other[index]
            guard difference == 0 || difference == 0x20 && self[index].isLetter else { return false }
            index &+= 1
        }
        return true
    }

    func allSatisfy(_ rule: (UInt8) -> Bool) -> Bool {
        var index = 0
        while index < count, rule(self[index]) { index &+= 1 }
        return index == count
    }

    func firstIndex(of byte: UInt8) -> Int? {
        var index = 0
        while index < count, self[index] != byte { index &+= 1 }
        return index < count ? index : nil
    }

    /// How many bytes in front are of a token.
    var tokenLength: Int {
        var index = 0
        while index < count, self[index].isTokenCharacter { index &+= 1 }
        return index
    }

    /// Whether a field value may hold these bytes.
    ///
    /// It does not stop at the first offence: without that branch the compiler looks at sixteen bytes at a time.
    var isFieldValue: Bool {
        var offences: UInt8 = 0
        var index = 0
        while index < count {
            offences |= self[index].isFieldValueByte ? 0 : 1
            index &+= 1
        }
        return offences == 0
    }

    /// What is left without the blanks and tabs around it.
    var trimmedRange: Range<Int> {
        var (start, end) = (0, count)
        while start < end, self[start].isOptionalWhitespace { start &+= 1 }
        while end > start, self[end &- 1].isOptionalWhitespace { end &-= 1 }
        return start..<end
    }

    /// The byte that `%XX` at `index` stands for.
    func percentDecoded(at index: Int) -> UInt8? {
        guard self[index] == UInt8(ascii: "%"), count &- index > 2,
            let high = self[index &+ 1].hexadecimalValue, let low = self[index &+ 2].hexadecimalValue
        else { return nil }
        return high &<< 4 | low
    }
}
