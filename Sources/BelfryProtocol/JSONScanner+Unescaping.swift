// Escapes become text here (RFC 8259, section 7). The token was scanned before, so every escape is complete.
extension JSONScanner {
    /// - Throws: ``JSONError/loneSurrogate(at:)``. Such a string is grammatical but is no text; put in place of it a
    ///   replacement character, and two different strings would name the same channel.
    func unescape(_ token: StringToken, _ bytes: Span<UInt8>) throws(JSONError) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(token.range.count)
        var index = token.range.lowerBound
        while index < token.range.upperBound {
            let byte = bytes[index]
            index &+= 1
            guard byte == ASCII.backslash else {
                output.append(byte)
                continue
            }
            let letter = bytes[index]
            index &+= 1
            if letter == UInt8(ascii: "u") {
                let scalar = try Self.scalar(at: &index, bytes, before: token.range.upperBound)
                output.append(contentsOf: scalar.utf8)
            } else {
                output.append(Self.unescaped(letter))
            }
        }
        return output
    }

    private static func unescaped(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): ASCII.lineFeed
        case UInt8(ascii: "r"): ASCII.carriageReturn
        case UInt8(ascii: "t"): ASCII.tab
        default: letter
        }
    }

    /// Reads four digits after `\u`, and those of the low surrogate when the first are a high one.
    private static func scalar(
        at index: inout Int, _ bytes: Span<UInt8>, before end: Int
    ) throws(JSONError) -> UnicodeScalar {
        let start = index
        let unit = codeUnit(at: &index, bytes)
        if let scalar = UnicodeScalar(unit) { return scalar }
        let isPairPossible =
            unit < 0xDC00 && end &- index >= 6
            && bytes[index] == ASCII.backslash && bytes[index &+ 1] == UInt8(ascii: "u")
        guard isPairPossible else { throw .loneSurrogate(at: start) }
        index &+= 2
        let low = codeUnit(at: &index, bytes)
        let code = 0x1_0000 &+ ((unit & 0x3FF) << 10 | (low & 0x3FF))
        guard low & 0xFC00 == 0xDC00, let scalar = UnicodeScalar(code) else {
            throw .loneSurrogate(at: start)
        }
        return scalar
    }

    private static func codeUnit(at index: inout Int, _ bytes: Span<UInt8>) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            unit = unit << 4 | (ASCII.hexValue(bytes[index]) ?? 0)
            index &+= 1
        }
        return unit
    }
}
