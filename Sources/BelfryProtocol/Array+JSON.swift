// Writing JSON into a byte array that already has room. The only state is the last byte written: after an opening
// bracket no comma is due, after anything else one is.
extension [UInt8] {
    /// Writes the comma between two members or elements.
    package mutating func appendComma() {
        if let last, last != ASCII.openBrace, last != ASCII.openBracket { append(ASCII.comma) }
    }

    /// Writes `"name":`, after a comma if one is due.
    package mutating func appendKey(_ name: String) {
        appendComma()
        append(ASCII.quote)
        append(contentsOf: name.utf8)
        append(ASCII.quote)
        append(ASCII.colon)
    }

    /// Writes a JSON string: quotes, backslashes and control characters escaped, all other text as it is.
    ///
    /// U+2028 and U+2029 stay: JSON is no JavaScript source (and has been a subset of it since ES2019).
    package mutating func appendJSONString(_ text: some Collection<UInt8>) {
        append(ASCII.quote)
        // Nearly all text stands for itself.
        if text.allSatisfy({ $0 >= 0x20 && $0 != ASCII.quote && $0 != ASCII.backslash }) {
            append(contentsOf: text)
        } else {
            for byte in text { appendEscaped(byte) }
        }
        append(ASCII.quote)
    }

    private mutating func appendEscaped(_ byte: UInt8) {
        switch byte {
        case ASCII.quote, ASCII.backslash: append(ASCII.backslash, byte)
        case 0x08: append(ASCII.backslash, UInt8(ascii: "b"))
        case ASCII.tab: append(ASCII.backslash, UInt8(ascii: "t"))
        case ASCII.lineFeed: append(ASCII.backslash, UInt8(ascii: "n"))
        case 0x0C: append(ASCII.backslash, UInt8(ascii: "f"))
        case ASCII.carriageReturn: append(ASCII.backslash, UInt8(ascii: "r"))
        case 0..<0x20:
            append(contentsOf: "\\u00".utf8)
            append(ASCII.zero &+ byte >> 4, Self.hexDigit(byte & 0xF))
        default: append(byte)
        }
    }

    private mutating func append(_ first: UInt8, _ second: UInt8) {
        append(first)
        append(second)
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? ASCII.zero &+ value : UInt8(ascii: "a") &+ value &- 10
    }

    /// Writes a number in decimal.
    mutating func appendDecimal(_ value: UInt64) {
        // 2^64 has twenty digits.
        var digits = [20 of UInt8](repeating: 0)
        var start = 20
        var rest = value
        repeat {
            start &-= 1
            digits[start] = ASCII.zero &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        for index in start..<20 { append(digits[index]) }
    }
}

// Members that are left out when they have their zero value (protocol.md 3.1).
extension [UInt8] {
    package mutating func appendMember(_ name: String, text: String) {
        if !text.isEmpty { appendRequired(name, text: text) }
    }

    package mutating func appendMember(_ name: String, number: some UnsignedInteger) {
        if number != 0 { appendRequired(name, number: number) }
    }

    mutating func appendMember(_ name: String, flag: Bool) {
        guard flag else { return }
        appendKey(name)
        append(contentsOf: "true".utf8)
    }

    /// Writes a JSON value as it is.
    mutating func appendMember(_ name: String, payload: [UInt8]?) {
        guard let payload, !payload.isEmpty else { return }
        appendKey(name)
        append(contentsOf: payload)
    }

    mutating func appendExpiry(_ expiry: Expiry?) {
        guard let expiry else { return }
        appendMember("expires", flag: true)
        appendRequired("ttl", number: expiry.ttl)
    }
}

// Members that are always there.
extension [UInt8] {
    package mutating func appendRequired(_ name: String, text: String) {
        appendKey(name)
        appendJSONString(text.utf8)
    }

    package mutating func appendRequired(_ name: String, number: some UnsignedInteger) {
        appendKey(name)
        appendDecimal(UInt64(truncatingIfNeeded: number))
    }

    package mutating func appendRequired(_ name: String, flag: Bool) {
        appendKey(name)
        append(contentsOf: (flag ? "true" : "false").utf8)
    }

    package mutating func appendObject(_ name: String, _ members: (inout [UInt8]) -> Void) {
        appendKey(name)
        appendObject(members)
    }

    package mutating func appendObject(_ members: (inout [UInt8]) -> Void) {
        append(ASCII.openBrace)
        members(&self)
        append(ASCII.closeBrace)
    }

    package mutating func appendArray<Item>(
        _ name: String, _ items: [Item], _ write: (Item, inout [UInt8]) -> Void
    ) {
        appendKey(name)
        append(ASCII.openBracket)
        for item in items {
            appendComma()
            appendObject { write(item, &$0) }
        }
        append(ASCII.closeBracket)
    }
}
