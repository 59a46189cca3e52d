/// A JSON number taken apart: digits × 10^exponent, exact while it can be.
///
/// Wire numbers may be written in any legal form (protocol.md 3.3), also such as would overflow anything: `1e999999`.
/// So nothing here can trap; what does not fit has no ``wholeValue``.
struct DecimalNumber {
    private var isNegative = false
    /// The digits up to the last one that is not zero; `nil` when they exceed 64 bits.
    private var digits: UInt64? = 0
    /// Zeros met after `digits`, not yet multiplied in: they may stand behind the decimal point.
    private var trailingZeros = 0
    private var exponent = 0

    /// Reads a number over which ``JSONScanner`` has moved.
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        var isFraction = false
        for index in range {
            switch bytes[index] {
            case ASCII.minus: isNegative = true
            case ASCII.dot: isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                exponent &+= Self.exponent(bytes, index &+ 1..<range.upperBound)
                return
            case let byte:
                append(byte &- ASCII.zero)
                if isFraction { exponent &-= 1 }
            }
        }
    }

    private mutating func append(_ digit: UInt8) {
        if digit == 0 {
            trailingZeros &+= 1
            return
        }
        digits = digits?.shifted(trailingZeros &+ 1)?.adding(UInt64(digit))
        trailingZeros = 0
    }

    /// Saturates far beyond what any message has digits for.
    private static func exponent(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        var magnitude = 0
        for index in range where ASCII.isDigit(bytes[index]) {
            magnitude = min(magnitude &* 10 &+ Int(bytes[index] &- ASCII.zero), 1 << 40)
        }
        return bytes[range.lowerBound] == ASCII.minus ? -magnitude : magnitude
    }

    /// The number, when it is whole and its magnitude fits 64 bits.
    var wholeValue: Int128? {
        guard let digits else { return nil }
        guard let magnitude = digits.shifted(exponent &+ trailingZeros) else { return nil }
        return isNegative ? -Int128(magnitude) : Int128(magnitude)
    }
}

extension UInt64 {
    /// Times 10^places; `nil` when it does not fit, or `places` is negative.
    ///
    /// Zero stays zero.
    fileprivate func shifted(_ places: Int) -> UInt64? {
        guard self != 0 else { return 0 }
        guard places >= 0 else { return nil }
        var value = self
        // No 64-bit number but zero survives twenty of these, so the loop is short whatever `places` says.
        for _ in 0..<places {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = product
        }
        return value
    }

    fileprivate func adding(_ other: UInt64) -> UInt64? {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? nil : sum
    }
}
