/// Base64 with exactly one spelling for each value (RFC 4648 sections 3.5, 4 and 5).
///
/// A lenient decoder lets one signature be written in many ways, which defeats caches and deny lists
/// keyed by the token. Here unused bits must be zero and no foreign character is skipped.
package enum Base64 {
    package enum Alphabet: Sendable {
        /// `-` and `_`, without padding: the parts of a token.
        case url
        /// `+` and `/`, padding required: the `b64info` and `b64data` claims.
        case standard
    }

    /// The bytes `text` stands for, or nil when it is not their one canonical spelling.
    package static func decode(_ text: ArraySlice<UInt8>, _ alphabet: Alphabet = .url) -> [UInt8]? {
        guard let symbols = alphabet == .url ? text : withoutPadding(text) else { return nil }
        let tail = symbols.count % 4
        guard tail != 1 else { return nil }  // six bits make no byte
        var bytes: [UInt8] = []
        bytes.reserveCapacity(symbols.count / 4 * 3 + 2)
        var pending: UInt32 = 0
        var bits = 0
        for symbol in symbols {
            guard let value = value(of: symbol, alphabet) else { return nil }
            pending = (pending << 6 | UInt32(value)) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
            }
        }
        guard pending & ((1 << UInt32(bits)) - 1) == 0 else { return nil }
        return bytes
    }

    /// Base64url without padding.
    package static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count / 3 * 4 + 4)
        var pending: UInt32 = 0
        var bits = 0
        for byte in bytes {
            pending = (pending << 8 | UInt32(byte)) & 0xFFFF
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(symbol(of: UInt8(truncatingIfNeeded: pending >> UInt32(bits)) & 0x3F))
            }
        }
        if bits > 0 { text.append(symbol(of: UInt8(truncatingIfNeeded: pending << UInt32(6 - bits)) & 0x3F)) }
        return text
    }

    private static func withoutPadding(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard text.count % 4 == 0 else { return nil }
        let symbols = text.last == UInt8(ascii: "=") ? text.dropLast() : text
        return symbols.last == UInt8(ascii: "=") ? symbols.dropLast() : symbols
    }

    private static func value(of symbol: UInt8, _ alphabet: Alphabet) -> UInt8? {
        switch symbol {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): symbol - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): symbol - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): symbol + 4
        case UInt8(ascii: "-") where alphabet == .url: 62
        case UInt8(ascii: "_") where alphabet == .url: 63
        case UInt8(ascii: "+") where alphabet == .standard: 62
        case UInt8(ascii: "/") where alphabet == .standard: 63
        default: nil
        }
    }

    private static func symbol(of value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: value + 65
        case 26..<52: value + 71
        case 52..<62: value - 4
        case 62: UInt8(ascii: "-")
        default: UInt8(ascii: "_")
        }
    }
}
