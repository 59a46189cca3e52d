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
        let token = name.utf8.span
        guard !token.isEmpty, token.tokenLength == token.count, value.utf8.span.isFieldValue else {
            return nil
        }
        self.name = name
        self.value = Octets(value.utf8).trimmed.text
    }

    /// A field written in our own source.
    init(_ name: StaticString, _ value: StaticString) {
        self.name = name.description
        self.value = value.description
    }

    /// A field of a head, which has been checked.
    init(_ place: FieldPlace, in head: [UInt8]) {
        name = head[place.name].text
        value = head[place.value].text
    }
}

/// Where a field of a head stands: nobody reads most fields, so they become text only when somebody does.
struct FieldPlace: Equatable, Sendable {
    let name: Place
    /// Without surrounding whitespace.
    let value: Place

    /// Reads one line of a request head, without its line ending (RFC 9112, section 5).
    ///
    /// Checks bytes, not text: decoding would turn an invalid one into a character that passes.
    init(_ line: Range<Int>, in head: Span<UInt8>) throws(HTTPRefusal) {
        let bytes = head.extracting(line)
        if !bytes.isEmpty, bytes[0].isOptionalWhitespace { throw .foldedField }
        let colon = bytes.tokenLength
        guard colon > 0, colon < bytes.count, bytes[colon] == UInt8(ascii: ":") else { throw .malformedField }
        let value = bytes.extracting((colon &+ 1)...)
        guard value.isFieldValue else { throw .malformedField }
        self.name = Place(0..<colon, from: line.lowerBound)
        self.value = Place(value.trimmedRange, from: line.lowerBound &+ colon &+ 1)
    }
}
