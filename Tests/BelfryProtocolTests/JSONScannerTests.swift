import Testing

@testable import BelfryProtocol

@Suite struct JSONScannerTests {
    private func nested(_ depth: Int, _ open: String = "[", _ close: String = "]") -> [UInt8] {
        Array((String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
    }

    @Test(arguments: [(1, 0), (63, 64), (64, 64), (5, 5), (1, -3)])
    func `nesting up to the limit is accepted`(depth: Int, limit: Int) {
        #expect(jsonError(nested(depth), depthMax: limit) == nil)
    }

    @Test(arguments: [(2, 1, 1), (6, 5, 5), (65, 64, 64), (65, 1_000, 64), (100_000, 64, 64)])
    func `nesting one beyond the limit is refused`(depth: Int, limit: Int, effective: Int) {
        #expect(jsonError(nested(depth), depthMax: limit) == .nestedTooDeep(limit: effective))
        #expect(jsonError(nested(depth, #"{"a":"#, "}"), depthMax: limit) == .nestedTooDeep(limit: effective))
    }

    @Test func `a hundred thousand unclosed brackets are refused`() {
        #expect(jsonError(String(repeating: "[", count: 100_000)) == .nestedTooDeep(limit: 64))
        #expect(jsonError(String(repeating: #"{"":"#, count: 100_000)) == .nestedTooDeep(limit: 64))
    }

    @Test func `brackets must close what they opened, at any depth`() {
        #expect(jsonError("[{}]") == nil)
        #expect(jsonError(#"[{"a":[{"b":{}},[]]}]"#) == nil)
        #expect(jsonError(#"[{"a":[1}]]"#) == .unexpectedByte(at: 8))
        #expect(jsonError("[1}") == .unexpectedByte(at: 2))
        #expect(jsonError(#"{"a":1]"#) == .unexpectedByte(at: 6))
    }

    @Test(arguments: [
        ("", JSONError.unexpectedEnd(at: 0)), (" ", .unexpectedEnd(at: 1)), ("1 2", .trailingBytes(at: 2)),
        ("[1,]", .unexpectedByte(at: 3)), ("[,1]", .unexpectedByte(at: 1)),
        (#"{"a"}"#, .unexpectedByte(at: 4)),
        (#"{"a":1,}"#, .unexpectedByte(at: 7)), ("{1:1}", .unexpectedByte(at: 1)),
        ("-", .unexpectedEnd(at: 1)),
        ("01", .trailingBytes(at: 1)), ("1.", .unexpectedEnd(at: 2)), ("1e", .unexpectedEnd(at: 2)),
        ("1e+", .unexpectedEnd(at: 3)), (".5", .unexpectedByte(at: 0)), ("+1", .unexpectedByte(at: 0)),
        ("nul", .unexpectedEnd(at: 3)), ("nulL", .unexpectedByte(at: 3)), ("trueх", .trailingBytes(at: 4)),
        (#""a"#, .unexpectedEnd(at: 2)), (#""\"#, .unexpectedEnd(at: 2)), (#""\x""#, .invalidEscape(at: 2)),
        (#""\u12g4""#, .invalidEscape(at: 5)), (#""\u12"#, .unexpectedEnd(at: 5)),
        ("\"a\tb\"", .controlCharacter(at: 2)), ("\"\u{0}\"", .controlCharacter(at: 1)),
        ("\u{FEFF}{}", .unexpectedByte(at: 0)),
    ])
    func `an error says what is wrong and where`(text: String, error: JSONError) {
        #expect(jsonError(text) == error)
    }

    @Test(arguments: [
        ("{}", JSONKind.object), (" [1]\n", .array), (#""s""#, .string), ("-1.5e+10", .number),
        ("0", .number),
        ("true", .bool), ("false", .bool), ("null", .null),
    ])
    func `a value has a kind`(text: String, kind: JSONKind) {
        #expect(JSONScanner.kind(of: Array(text.utf8)) == kind)
    }

    @Test(arguments: ["", "x", "{", "{} {}", "\u{1}\u{2}binary"])
    func `what is no JSON has no kind`(text: String) {
        #expect(JSONScanner.kind(of: Array(text.utf8)) == nil)
    }

    /// The edges of RFC 3629, section 4.
    @Test(
        arguments: [
            [0xC3, 0xA9], [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF], [0xEF, 0xBF, 0xBF],
            [0xF0, 0x90, 0x80, 0x80],
            [0xF4, 0x8F, 0xBF, 0xBF],
        ] as [[UInt8]])
    func `valid UTF-8 inside a string is accepted`(sequence: [UInt8]) {
        #expect(jsonError([0x22] + sequence + [0x22]) == nil)
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xE2, 0x82],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
        ] as [[UInt8]])
    func `invalid UTF-8 inside a string is refused`(sequence: [UInt8]) {
        #expect(jsonError([0x22] + sequence + [0x22]) == .invalidUTF8(at: 1))
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("10", 10), ("10.0", 10), ("10.000", 10), ("1e1", 10), ("1E+2", 100),
        ("1.5e1", 15),
        ("100e-2", 1), ("0.0001e4", 1), ("0e999999999999999999999", 0), ("-3", -3), ("-30e-1", -3),
        ("1000000000000000000000e-20", 10), ("9223372036854775807", Int64.max),
        ("-9223372036854775808", .min),
    ])
    func `a whole number may be written in any legal form`(text: String, value: Int64) throws {
        var scanner = JSONScanner()
        #expect(try scanner.optionalInteger(Int64.self, Array(text.utf8).span) == value)
        #expect(scanner.position == text.utf8.count)
    }

    @Test(arguments: [
        "0.5", "1e-1", "15e-1", "9223372036854775808", "-9223372036854775809", "1e19",
        "1e999999999999999999999",
        "-1e400", "184467440737095516160", "1e-999999999999999999999",
    ])
    func `a number that is not whole or does not fit is out of range`(text: String) {
        var scanner = JSONScanner()
        #expect(throws: JSONError.numberOutOfRange(at: 0)) {
            try scanner.optionalInteger(Int64.self, Array(text.utf8).span)
        }
    }

    @Test func `offsets use all 64 bits`() throws {
        var scanner = JSONScanner()
        #expect(try scanner.optionalInteger(UInt64.self, Array("18446744073709551615".utf8).span) == .max)
        scanner = JSONScanner()
        #expect(throws: JSONError.numberOutOfRange(at: 0)) {
            try scanner.optionalInteger(UInt64.self, Array("18446744073709551616".utf8).span)
        }
    }

    @Test(arguments: [
        (#""plain""#, "plain"), (#""""#, ""), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u00e9\u20AC""#, "é€"), (#""\ud83d\ude00!""#, "😀!"), (#""é\u0041""#, "éA"),
        (#""\u0000""#, "\u{0}"),
        (#""\uD834\uDD1E""#, "𝄞"), (#""\uffff""#, "\u{FFFF}"), (#""\ud7ff\ue000""#, "\u{D7FF}\u{E000}"),
    ])
    func `escapes become text`(json: String, value: String) throws {
        var scanner = JSONScanner()
        #expect(try scanner.string(Array(json.utf8).span) == value)
    }

    @Test(arguments: [
        #""\ud83d""#, #""\ude00""#, #""\ud83dx""#, #""\ud83d\n""#, #""\ud83d\ud83d""#, #""\ud83d\u0041""#,
        #""\ude00\ud83d""#, #""\ud83d\u""#,
    ])
    func `a lone surrogate is no text`(json: String) {
        var scanner = JSONScanner()
        #expect(throws: JSONError.self) { try scanner.string(Array(json.utf8).span) }
    }
}
