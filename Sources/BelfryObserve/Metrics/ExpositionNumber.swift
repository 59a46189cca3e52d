/// How numbers are written: exactly, from integers, without a detour through floating point.
enum ExpositionNumber {
    /// How a raw integer is to be read.
    enum Style: Sendable {
        case whole
        case signed
        /// Billionths, written as whole units: nanoseconds as seconds.
        case billionths
        case signedBillionths
    }

    static func append(_ raw: UInt64, as style: Style, to text: inout [UInt8]) {
        switch style {
        case .whole: append(raw, to: &text)
        case .billionths: appendBillionths(raw, to: &text)
        case .signed: append(magnitude(raw, to: &text), to: &text)
        case .signedBillionths: appendBillionths(magnitude(raw, to: &text), to: &text)
        }
    }

    /// Writes the sign and leaves the rest.
    private static func magnitude(_ raw: UInt64, to text: inout [UInt8]) -> UInt64 {
        let value = Int64(bitPattern: raw)
        if value < 0 { text.append(UInt8(ascii: "-")) }
        return value.magnitude
    }

    private static func append(_ value: UInt64, to text: inout [UInt8]) {
        var divisor: UInt64 = 1
        while value / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }

    private static func appendBillionths(_ raw: UInt64, to text: inout [UInt8]) {
        append(raw / 1_000_000_000, to: &text)
        var fraction = raw % 1_000_000_000
        guard fraction > 0 else { return }
        text.append(UInt8(ascii: "."))
        var divisor: UInt64 = 100_000_000
        while fraction > 0 {
            text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fraction / divisor))
            fraction %= divisor
            divisor /= 10
        }
    }

    /// The one spelling of a bucket bound that OpenMetrics allows: `0.005`, `1.0`, `1.048576e+06`.
    static func canonical(_ value: UInt64) -> String {
        guard value >= 1_000_000 else { return "\(value).0" }
        let digits = String(value)
        let exponent = digits.count - 1
        var fraction = digits.dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        let mantissa = "\(digits.prefix(1))" + (fraction.isEmpty ? "" : ".\(fraction)")
        return mantissa + "e+" + (exponent < 10 ? "0" : "") + "\(exponent)"
    }

    static func canonical(nanoseconds: UInt64) -> String {
        guard nanoseconds % 1_000_000_000 != 0 else { return canonical(nanoseconds / 1_000_000_000) }
        var text: [UInt8] = []
        appendBillionths(nanoseconds, to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
