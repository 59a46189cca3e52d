extension [UInt8] {
    /// Appends a number in decimal digits.
    mutating func append(decimal number: UInt64) {
        // The largest has twenty digits; they come out last first.
        var digits = InlineArray<20, UInt8>(repeating: 0x30)
        var first = 19
        var rest = number
        while rest >= 10 {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            digits[first] = 0x30 &+ UInt8(truncatingIfNeeded: digit)
            first &-= 1
            rest = quotient
        }
        digits[first] = 0x30 &+ UInt8(truncatingIfNeeded: rest)
        append(addingCapacity: 20) { $0.append(digits.span.extracting(first..<20)) }
    }

    mutating func append(decimal number: Int64) {
        if number < 0 { append(0x2D) }
        append(decimal: number.magnitude)
    }

    /// Appends a number from 0 to 99 in two digits; a larger one in all of its own.
    mutating func append(twoDigits number: Int64) {
        guard (0...99).contains(number) else { return append(decimal: number) }
        let (tens, ones) = number.quotientAndRemainder(dividingBy: 10)
        append(0x30 &+ UInt8(truncatingIfNeeded: tens))
        append(0x30 &+ UInt8(truncatingIfNeeded: ones))
    }
}

extension OutputSpan<UInt8> {
    /// Appends all of `bytes`, for which there must be room.
    package mutating func append(_ bytes: Span<UInt8>) {
        for index in bytes.indices { append(bytes[index]) }
    }
}
