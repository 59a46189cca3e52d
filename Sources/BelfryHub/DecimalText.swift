/// Where the digits of a decimal number lie: `-12.50`, without exponent, of any length.
///
/// Compared digit by digit, exactly: prices and ids over 2^53 are what filters are used for, and a `Double` would call
/// neighbours equal.
struct DecimalText {
    private let isNegative: Bool
    /// Without leading zeros.
    private let whole: Range<Int>
    /// Without trailing zeros.
    private let fraction: Range<Int>

    /// `nil` unless `text` is a sign if any, digits, and if a point then digits again.
    init?(_ text: Span<UInt8>) {
        var start = 0
        if let first = text.isEmpty ? nil : text[0] {
            start = first == UInt8(ascii: "-") || first == UInt8(ascii: "+") ? 1 : 0
        }
        var point = start
        while point < text.count, Self.isDigit(text[point]) { point &+= 1 }
        guard point > start else { return nil }
        var end = point
        if point < text.count {
            end = point &+ 1
            while end < text.count, Self.isDigit(text[end]) { end &+= 1 }
            guard text[point] == UInt8(ascii: "."), end > point &+ 1, end == text.count else { return nil }
        }
        let fractionStart = min(point &+ 1, end)
        while end > fractionStart, text[end &- 1] == UInt8(ascii: "0") { end &-= 1 }
        var wholeStart = start
        while wholeStart < point, text[wholeStart] == UInt8(ascii: "0") { wholeStart &+= 1 }
        whole = wholeStart..<point
        fraction = fractionStart..<end
        // Zero has no sign.
        isNegative = text[0] == UInt8(ascii: "-") && !(whole.isEmpty && fraction.isEmpty)
    }

    /// Negative, zero or positive, as this number is below, equal to or above the other.
    func order(_ text: Span<UInt8>, _ other: DecimalText, _ otherText: Span<UInt8>) -> Int {
        if isNegative != other.isNegative { return isNegative ? -1 : 1 }
        let order = magnitudeOrder(text, other, otherText)
        return isNegative ? -order : order
    }

    private func magnitudeOrder(_ text: Span<UInt8>, _ other: DecimalText, _ otherText: Span<UInt8>) -> Int {
        if whole.count != other.whole.count { return whole.count < other.whole.count ? -1 : 1 }
        let digits = Self.order(text.extracting(whole), otherText.extracting(other.whole))
        if digits != 0 { return digits }
        return Self.order(text.extracting(fraction), otherText.extracting(other.fraction))
    }

    /// Digit by digit; of two that begin alike the longer is above.
    private static func order(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return left[index] < right[index] ? -1 : 1
        }
        return left.count &- right.count
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}
