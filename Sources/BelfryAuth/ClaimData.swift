/// The value of an `info` or `data` claim: bytes that travel to clients as they are.
package struct ClaimData: Equatable, Sendable {
    package let bytes: [UInt8]
    /// Whether `bytes` is one JSON value.
    ///
    /// Binary from `b64info` must not be put into a JSON frame.
    package let isJSON: Bool

    /// A value that came by another road than a token: the server API.
    package init(_ bytes: [UInt8], isJSON: Bool) {
        self.bytes = bytes
        self.isJSON = isJSON
    }

    /// Reads `name` of `members`, or `b64` + `name`, which wins.
    init?(_ members: JSONObject, _ name: String) throws(TokenRefusal) {
        switch members["b64" + name] {
        case nil: break
        case .string(let text):
            guard let bytes = Base64.decode(Array(text.utf8)[...], .standard) else { throw .malformed }
            self.bytes = bytes
            isJSON = JSONValue.isText(bytes)
            return
        default: throw .malformed
        }
        guard let bytes = members.text(of: name) else { return nil }
        self.bytes = bytes
        isJSON = true
    }
}

extension JSONValue {
    /// Whether `bytes` is exactly one JSON value on one line.
    static func isText(_ bytes: [UInt8]) -> Bool {
        guard !bytes.contains(0x0A), !bytes.contains(0x0D), var scanner = try? JSONScanner(bytes[...]) else {
            return false
        }
        scanner.skipSpace()
        guard (try? scanner.value()) != nil, (try? scanner.expectEnd()) != nil else { return false }
        return true
    }
}
