import BelfryBytes

// The smallest parts of the grammar: whitespace, strings, numbers, literals.
extension JSONScanner {
    /// Where the inside of a string lies, between its quotes.
    struct StringToken {
        let range: Range<Int>
        /// Whether the text must be unescaped before it can be read.
        let isEscaped: Bool
    }

    @inline(__always)
    func peek(_ bytes: Span<UInt8>) throws(JSONError) -> UInt8 {
        guard position < bytes.count else { throw .unexpectedEnd(at: position) }
        return bytes[position]
    }

    mutating func expect(_ byte: UInt8, _ bytes: Span<UInt8>) throws(JSONError) {
        guard try peek(bytes) == byte else { throw .unexpectedByte(at: position) }
        position &+= 1
    }

    @inline(__always)
    package mutating func skipWhitespace(_ bytes: Span<UInt8>) {
        while position < bytes.count {
            switch bytes[position] {
            case ASCII.space, ASCII.lineFeed, ASCII.carriageReturn, ASCII.tab: position &+= 1
            default: return
            }
        }
    }

    /// Nothing but whitespace may follow.
    package mutating func finish(_ bytes: Span<UInt8>) throws(JSONError) {
        skipWhitespace(bytes)
        guard position == bytes.count else { throw .trailingBytes(at: position) }
    }

    /// Moves over `"key" :` and the whitespace around the colon, up to the value.
    mutating func skipKey(_ bytes: Span<UInt8>) throws(JSONError) {
        _ = try scanString(bytes)
        try skipColon(bytes)
    }

    mutating func skipColon(_ bytes: Span<UInt8>) throws(JSONError) {
        skipWhitespace(bytes)
        try expect(ASCII.colon, bytes)
        skipWhitespace(bytes)
    }

    mutating func skipScalar(_ bytes: Span<UInt8>) throws(JSONError) {
        switch JSONKind(firstByte: try peek(bytes)) {
        case .string: _ = try scanString(bytes)
        case .number: try skipNumber(bytes)
        case .bool where bytes[position] == UInt8(ascii: "t"): try skipLiteral("true", bytes)
        case .bool: try skipLiteral("false", bytes)
        case .null: try skipLiteral("null", bytes)
        case .object, .array, nil: throw .unexpectedByte(at: position)
        }
    }

    mutating func skipLiteral(_ literal: String, _ bytes: Span<UInt8>) throws(JSONError) {
        for byte in literal.utf8 { try expect(byte, bytes) }
    }
}

// Numbers (RFC 8259, section 6).
extension JSONScanner {
    mutating func skipNumber(_ bytes: Span<UInt8>) throws(JSONError) {
        _ = accept(ASCII.minus, bytes)
        if !accept(ASCII.zero, bytes) { try skipDigits(bytes) }
        if accept(ASCII.dot, bytes) { try skipDigits(bytes) }
        if accept(UInt8(ascii: "e"), bytes) || accept(UInt8(ascii: "E"), bytes) {
            if !accept(ASCII.minus, bytes) { _ = accept(ASCII.plus, bytes) }
            try skipDigits(bytes)
        }
    }

    /// Moves over `byte` if it is next.
    @inline(__always)
    mutating func accept(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position &+= 1
        return true
    }

    /// One digit or more.
    private mutating func skipDigits(_ bytes: Span<UInt8>) throws(JSONError) {
        guard ASCII.isDigit(try peek(bytes)) else { throw .unexpectedByte(at: position) }
        while position < bytes.count, ASCII.isDigit(bytes[position]) { position &+= 1 }
    }
}

// Strings (RFC 8259, section 7).
extension JSONScanner {
    mutating func scanString(_ bytes: Span<UInt8>) throws(JSONError) -> StringToken {
        try expect(ASCII.quote, bytes)
        let start = position
        var isEscaped = false
        var isASCII = true
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case ASCII.quote:
                let range = start..<position
                if !isASCII { try Self.checkUTF8(bytes, range) }
                position &+= 1
                return StringToken(range: range, isEscaped: isEscaped)
            case ASCII.backslash:
                isEscaped = true
                try skipEscape(bytes)
            case 0..<0x20:
                throw .controlCharacter(at: position)
            default:
                isASCII = isASCII && byte < 0x80
                position &+= 1
            }
        }
        throw .unexpectedEnd(at: position)
    }

    private mutating func skipEscape(_ bytes: Span<UInt8>) throws(JSONError) {
        position &+= 1
        switch try peek(bytes) {
        case ASCII.quote, ASCII.backslash, UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position &+= 1
        case UInt8(ascii: "u"):
            position &+= 1
            for _ in 0..<4 {
                guard ASCII.hexValue(try peek(bytes)) != nil else { throw .invalidEscape(at: position) }
                position &+= 1
            }
        default: throw .invalidEscape(at: position)
        }
    }

    /// A second look, taken only at strings that are not ASCII.
    private static func checkUTF8(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(JSONError) {
        var validator = UTF8Validator()
        guard validator.consume(bytes.extracting(range)), validator.isComplete else {
            throw .invalidUTF8(at: range.lowerBound)
        }
    }
}
