/// What is wrong with a JSON text that should have been a header or a set of claims.
package enum JSONFault: Error, Equatable, Sendable {
    /// Not RFC 8259: a stray or missing character, a bad number or escape, something after the end.
    case syntax
    /// Not UTF-8, or half of a surrogate pair.
    case encoding
    /// Nested deeper than ``JSONScanner/depthLimit``.
    case depth
    /// One name twice in one object: two readers could see two different tokens (RFC 8725 section 2.4).
    case duplicateName
    /// More members or elements than the caller allows.
    case size
}

/// Walks over one JSON text, strictly, and finds where its values begin and end.
///
/// Every value below the level that is asked for is checked but not built: `info` and `meta` go on as
/// the bytes they came in.
struct JSONScanner {
    /// Deeper than any claim has reason to be, and shallow enough for recursion on any thread's stack.
    static let depthLimit = 32

    let bytes: ArraySlice<UInt8>
    private(set) var index: Int
    /// Where the value read last ended, before the space behind it.
    private(set) var valueEnd: Int

    init(_ bytes: ArraySlice<UInt8>) throws(JSONFault) {
        do { _ = try UTF8Span(validating: bytes.span) } catch { throw .encoding }
        self.bytes = bytes
        index = bytes.startIndex
        valueEnd = index
    }

    /// The byte at the cursor, 0 at the end (0 begins no JSON token).
    private var current: UInt8 { index < bytes.endIndex ? bytes[index] : 0 }

    mutating func skipSpace() {
        while current == 0x20 || (0x09...0x0A).contains(current) || current == 0x0D { index += 1 }
    }

    /// Steps over `byte` and the space behind it, when it is next.
    mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        index += 1
        skipSpace()
        return true
    }

    mutating func expect(_ byte: UInt8) throws(JSONFault) {
        guard take(byte) else { throw .syntax }
    }

    func expectEnd() throws(JSONFault) {
        guard index == bytes.endIndex else { throw .syntax }
    }

    /// Reads one value and the space behind it.
    mutating func value(depth: Int = 1) throws(JSONFault) -> JSONValue {
        guard depth <= Self.depthLimit else { throw .depth }
        let start = index
        let value: JSONValue
        switch current {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"):
            try skipObject(depth: depth)
            value = .object(bytes[start..<index])
        case UInt8(ascii: "["):
            try skipArray(depth: depth)
            value = .array(bytes[start..<index])
        case UInt8(ascii: "t"): value = try literal("true", .bool(true))
        case UInt8(ascii: "f"): value = try literal("false", .bool(false))
        case UInt8(ascii: "n"): value = try literal("null", .null)
        default:
            try skipNumber()
            value = .number(bytes[start..<index])
        }
        valueEnd = index
        skipSpace()
        return value
    }

    private mutating func skipObject(depth: Int) throws(JSONFault) {
        try expect(UInt8(ascii: "{"))
        if current != UInt8(ascii: "}") {
            repeat {
                try skipString()
                skipSpace()
                try expect(UInt8(ascii: ":"))
                _ = try value(depth: depth + 1)
            } while take(UInt8(ascii: ","))
        }
        try close(UInt8(ascii: "}"))
    }

    private mutating func skipArray(depth: Int) throws(JSONFault) {
        try expect(UInt8(ascii: "["))
        if current != UInt8(ascii: "]") {
            repeat { _ = try value(depth: depth + 1) } while take(UInt8(ascii: ","))
        }
        try close(UInt8(ascii: "]"))
    }

    /// Unlike ``expect(_:)`` leaves the space alone: it is not part of the value.
    private mutating func close(_ byte: UInt8) throws(JSONFault) {
        guard current == byte else { throw .syntax }
        index += 1
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONFault) -> JSONValue {
        let text = word.description.utf8
        guard bytes[index...].starts(with: text) else { throw .syntax }
        index += text.count
        return value
    }

    private mutating func skipNumber() throws(JSONFault) {
        if current == UInt8(ascii: "-") { index += 1 }
        if current == UInt8(ascii: "0") { index += 1 } else { try skipDigits() }
        if current == UInt8(ascii: ".") {
            index += 1
            try skipDigits()
        }
        guard current == UInt8(ascii: "e") || current == UInt8(ascii: "E") else { return }
        index += 1
        if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { index += 1 }
        try skipDigits()
    }

    private mutating func skipDigits() throws(JSONFault) {
        let start = index
        while (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(current) { index += 1 }
        guard index > start else { throw .syntax }
    }
}

extension JSONScanner {
    /// Reads a string, resolves its escapes, and steps over the space behind it.
    mutating func string() throws(JSONFault) -> String {
        let start = index + 1
        let escaped = try skipString()
        let content = bytes[start..<(index - 1)]
        valueEnd = index
        skipSpace()
        return escaped ? try Self.unescape(content) : String(decoding: content, as: UTF8.self)
    }

    /// Steps over a string; says whether it holds escapes, which are checked here too.
    @discardableResult
    private mutating func skipString() throws(JSONFault) -> Bool {
        guard current == UInt8(ascii: "\"") else { throw .syntax }
        index += 1
        let start = index
        var escaped = false
        while current != UInt8(ascii: "\"") {
            guard current >= 0x20 else { throw .syntax }  // a raw control character, or the end
            if current == UInt8(ascii: "\\") {
                escaped = true
                index += 1
                guard current >= 0x20 else { throw .syntax }
            }
            index += 1
        }
        if escaped { _ = try Self.unescape(bytes[start..<index]) }
        index += 1
        return escaped
    }

    private static func unescape(_ content: ArraySlice<UInt8>) throws(JSONFault) -> String {
        var plain = String.UnicodeScalarView()
        var rest = Substring(decoding: content, as: UTF8.self).unicodeScalars
        while let scalar = rest.popFirst() {
            guard scalar == "\\" else {
                plain.append(scalar)
                continue
            }
            plain.append(try escape(&rest))
        }
        return String(plain)
    }

    private static func escape(_ rest: inout Substring.UnicodeScalarView) throws(JSONFault) -> Unicode.Scalar
    {
        switch rest.popFirst() {
        case "\"": return "\""
        case "\\": return "\\"
        case "/": return "/"
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u": return try codePoint(&rest)
        default: throw .syntax
        }
    }

    /// `uXXXX`, or two of them that form a surrogate pair (RFC 8259 section 7).
    private static func codePoint(_ rest: inout Substring.UnicodeScalarView) throws(JSONFault)
        -> Unicode.Scalar
    {
        let first = try hex(&rest)
        guard (0xD800...0xDFFF).contains(first) else { return try scalar(first) }
        guard first < 0xDC00, rest.popFirst() == "\\", rest.popFirst() == "u" else { throw .encoding }
        let second = try hex(&rest)
        guard (0xDC00...0xDFFF).contains(second) else { throw .encoding }
        return try scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private static func scalar(_ value: UInt32) throws(JSONFault) -> Unicode.Scalar {
        guard let scalar = Unicode.Scalar(value) else { throw .encoding }
        return scalar
    }

    private static func hex(_ rest: inout Substring.UnicodeScalarView) throws(JSONFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let scalar = rest.popFirst(), let digit = Character(scalar).hexDigitValue, scalar.isASCII
            else { throw .syntax }
            value = value << 4 | UInt32(truncatingIfNeeded: digit)
        }
        return value
    }
}
