/// One JSON value of a header or of a set of claims.
///
/// Objects and arrays are kept as the checked bytes they were written in.
package enum JSONValue: Sendable {
    case string(String)
    case number(ArraySlice<UInt8>)
    case bool(Bool)
    case null
    case object(ArraySlice<UInt8>)
    case array(ArraySlice<UInt8>)

    /// The elements of an array, at most `limit` of them; nil when this is not an array.
    package func elements(limit: Int) throws(JSONFault) -> [JSONValue]? {
        guard case .array(let bytes) = self else { return nil }
        var scanner = try JSONScanner(bytes)
        var elements: [JSONValue] = []
        try scanner.expect(UInt8(ascii: "["))
        while !scanner.take(UInt8(ascii: "]")) {
            guard elements.count < limit else { throw .size }
            if !elements.isEmpty { try scanner.expect(UInt8(ascii: ",")) }
            elements.append(try scanner.value())
        }
        return elements
    }

    /// The members of an object, at most `limit` of them; nil when this is not an object.
    package func object(limit: Int) throws(JSONFault) -> JSONObject? {
        guard case .object(let bytes) = self else { return nil }
        return try JSONObject(bytes, limit: limit)
    }
}

/// The members of one JSON object, in their order, no name twice.
package struct JSONObject: Sendable {
    /// A member, with the bytes its value was written in.
    package struct Member: Sendable {
        package let name: String
        package let value: JSONValue
        package let text: ArraySlice<UInt8>
    }

    package let members: [Member]

    /// Reads a whole JSON text that must be one object.
    ///
    /// - Parameters:
    ///   - bytes: the text; space around the object is allowed, anything else is not.
    ///   - limit: members above which the text is refused. Names are compared each with each, so the
    ///     caller keeps this small before a signature is checked.
    /// - Throws: the first fault.
    package init(_ bytes: ArraySlice<UInt8>, limit: Int) throws(JSONFault) {
        var scanner = try JSONScanner(bytes)
        var members: [Member] = []
        members.reserveCapacity(8)
        scanner.skipSpace()
        try scanner.expect(UInt8(ascii: "{"))
        while !scanner.take(UInt8(ascii: "}")) {
            guard members.count < limit else { throw .size }
            if !members.isEmpty { try scanner.expect(UInt8(ascii: ",")) }
            let name = try scanner.string()
            guard !members.contains(where: { $0.name == name }) else { throw .duplicateName }
            try scanner.expect(UInt8(ascii: ":"))
            let start = scanner.index
            let value = try scanner.value()
            members.append(Member(name: name, value: value, text: bytes[start..<scanner.valueEnd]))
        }
        try scanner.expectEnd()
        self.members = members
    }

    /// The value of `name`; JSON `null` counts as absent, as issuers written in Go and JavaScript mean it.
    package subscript(name: String) -> JSONValue? { member(name)?.value }

    /// The bytes in which the value of `name` was written, without raw line ends: a frame of several replies
    /// is cut at those.
    ///
    /// Inside strings strict JSON has none.
    package func text(of name: String) -> [UInt8]? {
        member(name)?.text.filter { $0 != 0x0A && $0 != 0x0D }
    }

    private func member(_ name: String) -> Member? {
        guard let member = members.first(where: { $0.name == name }) else { return nil }
        if case .null = member.value { return nil }
        return member
    }

    /// Whether `name` is written at all, be it as `null`.
    package func mentions(_ name: String) -> Bool {
        members.contains { $0.name == name }
    }
}
