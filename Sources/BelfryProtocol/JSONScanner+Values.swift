// Reading values of a known type. `null` means absent (protocol.md 5), so each reader returns `nil` for it; only a
// payload may be `null` itself. A value of another type is the sender's mistake: `JSONError.wrongType`.
extension JSONScanner {
    /// Moves over `null` if it is next.
    package mutating func acceptNull(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
        guard try peek(bytes) == UInt8(ascii: "n") else { return false }
        try skipLiteral("null", bytes)
        return true
    }

    package mutating func optionalString(_ bytes: Span<UInt8>) throws(JSONError) -> String? {
        try acceptNull(bytes) ? nil : string(bytes)
    }

    package mutating func string(_ bytes: Span<UInt8>) throws(JSONError) -> String {
        let start = position
        let token = try stringToken(bytes)
        if token.isEscaped { return String(decoding: try unescape(token, bytes), as: UTF8.self) }
        do {
            return String(copying: try UTF8Span(validating: bytes.extracting(token.range)))
        } catch {
            throw .invalidUTF8(at: start)
        }
    }

    /// Text of which the server keeps no more than `byteCountMax` bytes; empty when absent.
    mutating func cutString(_ bytes: Span<UInt8>, _ byteCountMax: Int) throws(JSONError) -> String {
        try optionalString(bytes)?.cut(byteCountMax) ?? ""
    }

    /// An empty token is an absent one, as in Protobuf.
    mutating func optionalToken(_ bytes: Span<UInt8>) throws(JSONError) -> Token? {
        guard try !acceptNull(bytes) else { return nil }
        let token = try stringToken(bytes)
        let text = token.isEscaped ? try unescape(token, bytes) : bytes.copy(token.range)
        return text.isEmpty ? nil : Token(text)
    }

    private mutating func stringToken(_ bytes: Span<UInt8>) throws(JSONError) -> StringToken {
        guard try peek(bytes) == ASCII.quote else { throw .wrongType(at: position) }
        return try scanString(bytes)
    }

    package mutating func optionalBool(_ bytes: Span<UInt8>) throws(JSONError) -> Bool? {
        switch JSONKind(firstByte: try peek(bytes)) {
        case .null:
            try skipLiteral("null", bytes)
            return nil
        case .bool:
            let isTrue = bytes[position] == UInt8(ascii: "t")
            try skipLiteral(isTrue ? "true" : "false", bytes)
            return isTrue
        default: throw .wrongType(at: position)
        }
    }

    /// Any legal spelling of a whole number: `10`, `10.0`, `1e1`.
    package mutating func optionalInteger<Integer: FixedWidthInteger>(
        _ type: Integer.Type, _ bytes: Span<UInt8>
    ) throws(JSONError) -> Integer? {
        guard try !acceptNull(bytes) else { return nil }
        let start = position
        guard JSONKind(firstByte: try peek(bytes)) == .number else { throw .wrongType(at: start) }
        try skipNumber(bytes)
        guard let number = DecimalNumber(bytes, start..<position).wholeValue else {
            throw .numberOutOfRange(at: start)
        }
        guard let value = Integer(exactly: number) else { throw .numberOutOfRange(at: start) }
        return value
    }

    /// The raw bytes of any value, for a `bytes` field: not decoded, only freed of raw line breaks, which
    /// would end the line they travel in (protocol.md 2.1).
    ///
    /// Inside strings a line break is always escaped, so none is lost.
    package mutating func payload(_ bytes: Span<UInt8>) throws(JSONError) -> [UInt8] {
        let start = position
        try skipValue(bytes)
        return bytes.copy(start..<position) { !$0.isLineBreak }
    }

    /// Moves over an object whose content is not looked at.
    mutating func skipObject(_ bytes: Span<UInt8>) throws(JSONError) {
        guard try peek(bytes) == ASCII.openBrace else { throw .wrongType(at: position) }
        try skipValue(bytes)
    }
}

extension String {
    /// The beginning, of at most `byteCountMax` bytes and of whole scalars: half a character is no text.
    func cut(_ byteCountMax: Int) -> String {
        guard utf8.count > byteCountMax else { return self }
        var kept = unicodeScalars.prefix(byteCountMax)
        while Substring(kept).utf8.count > byteCountMax { kept.removeLast() }
        return String(kept)
    }
}
