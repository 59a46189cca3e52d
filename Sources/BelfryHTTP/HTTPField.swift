/// One header field whose bytes are known to be harmless, whoever chose them.
///
/// There is no way to make one with a line break in it, so neither a request nor an answer can carry an injected
/// line.
package struct HTTPField: Equatable, Sendable {
    package let name: String
    /// Without surrounding whitespace; invalid UTF-8 in a received value has become U+FFFD.
    package let value: String

    /// Returns `nil` for a name that is no token or a value with control characters (RFC 9110, section 5).
    package init?(name: String, value: String) {
        guard name.isToken, value.utf8.allSatisfy(\.isFieldValueByte) else { return nil }
        self.name = name
        self.value = value.trimmed
    }

    /// A field written in our own source.
    init(_ name: StaticString, _ value: StaticString) {
        self.name = name.description
        self.value = value.description
    }

    /// Reads one line of a request head, without its line ending (RFC 9112, section 5).
    static func parse(_ line: [UInt8]) throws(HTTPRefusal) -> HTTPField {
        if let first = line.first, first.isOptionalWhitespace { throw .foldedField }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw .malformedField }
        // Checked as bytes: decoding would turn an invalid one into a character that passes.
        guard line.allSatisfy(\.isFieldValueByte) else { throw .malformedField }
        let name = String(decoding: line[..<colon], as: UTF8.self)
        let value = String(decoding: line[(colon + 1)...], as: UTF8.self)
        guard let field = HTTPField(name: name, value: value) else { throw .malformedField }
        return field
    }
}
