// Sec-WebSocket-Extensions (RFC 6455, section 9.1):
//
//   1#( token *( ";" token [ "=" ( token | quoted-string that holds a token ) ] ) )

/// One extension as the client offers it.
struct ExtensionOffer {
    struct Parameter {
        let name: Octets
        /// Without quotation marks; `nil` when there is none.
        let value: Octets?
    }

    let name: Octets
    var parameters: [Parameter] = []
}

/// What is not written as the grammar says.
struct MalformedExtensions: Error {}

/// Reads the offers of one field line, in order.
struct ExtensionOffers {
    private let bytes: Octets
    private var index: Int

    init(_ value: Octets) {
        bytes = value
        index = value.startIndex
    }

    /// The next offer; `nil` at the end of the line.
    mutating func next() throws(MalformedExtensions) -> ExtensionOffer? {
        repeat { skipBlanks() } while take(UInt8(ascii: ","))
        guard index < bytes.endIndex else { return nil }
        var offer = ExtensionOffer(name: try token())
        while take(UInt8(ascii: ";")) { offer.parameters.append(try parameter()) }
        guard index == bytes.endIndex || take(UInt8(ascii: ",")) else { throw MalformedExtensions() }
        return offer
    }

    private mutating func parameter() throws(MalformedExtensions) -> ExtensionOffer.Parameter {
        skipBlanks()
        let name = try token()
        guard take(UInt8(ascii: "=")) else { return ExtensionOffer.Parameter(name: name, value: nil) }
        skipBlanks()
        if let value = try quotedToken() { return ExtensionOffer.Parameter(name: name, value: value) }
        return ExtensionOffer.Parameter(name: name, value: try token())
    }

    /// A token and the blanks behind it.
    private mutating func token() throws(MalformedExtensions) -> Octets {
        let rest = bytes[index...]
        let length = rest.span.tokenLength
        guard length > 0 else { throw MalformedExtensions() }
        index += length
        skipBlanks()
        return rest.prefix(length)
    }

    /// `nil` when no quotation mark stands here.
    private mutating func quotedToken() throws(MalformedExtensions) -> Octets? {
        guard takeByte(UInt8(ascii: "\"")) else { return nil }
        var value: [UInt8] = []
        while index < bytes.endIndex, !takeByte(UInt8(ascii: "\"")) {
            _ = takeByte(UInt8(ascii: "\\"))
            guard index < bytes.endIndex, bytes[index].isTokenCharacter else { throw MalformedExtensions() }
            value.append(bytes[index])
            index += 1
        }
        guard !value.isEmpty, bytes[index - 1] == UInt8(ascii: "\"") else { throw MalformedExtensions() }
        skipBlanks()
        return value[...]
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard takeByte(byte) else { return false }
        skipBlanks()
        return true
    }

    private mutating func takeByte(_ byte: UInt8) -> Bool {
        guard index < bytes.endIndex, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipBlanks() {
        while index < bytes.endIndex, bytes[index].isOptionalWhitespace { index += 1 }
    }
}
