/// What a request line asks for (RFC 9112, section 3.2): origin-form, or absolute-form as sent to proxies.
package struct RequestTarget: Equatable, Sendable {
    /// As written, still percent-encoded: routes match it literally, so no two spellings reach the same one.
    package let path: String
    package let query: RequestQuery
    /// The authority of an absolute target.
    let authority: String?

    /// Refuses fragments, the asterisk and authority forms, characters no URL holds, and `%00`.
    static func parse(_ bytes: ArraySlice<UInt8>) throws(HTTPRefusal) -> RequestTarget {
        guard bytes.allSatisfy(\.isTargetCharacter), hasValidEscapes(bytes) else { throw .malformedTarget }
        let text = String(decoding: bytes, as: UTF8.self)
        if text.utf8.first == UInt8(ascii: "/") { return RequestTarget(text[...], authority: nil) }
        guard let authority = try absoluteAuthority(text) else { throw .malformedTarget }
        let rest = text[authority.endIndex...]
        // An empty path of an absolute target means "/" (RFC 9110, section 4.2.3).
        let isRooted = rest.utf8.first == UInt8(ascii: "/")
        return RequestTarget(isRooted ? rest : "/" + rest, authority: String(authority))
    }

    private init(_ text: some StringProtocol, authority: String?) {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts[0])
        query = RequestQuery(parts.count == 2 ? String(parts[1]) : "")
        self.authority = authority
    }

    private static func absoluteAuthority(_ text: String) throws(HTTPRefusal) -> Substring? {
        guard
            let scheme = ["https://", "http://"].first(where: { text.prefix($0.count).equalsIgnoringCase($0) }
            )
        else { return nil }
        let authority = text.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" }
        return authority.isEmpty ? nil : authority
    }

    private static func hasValidEscapes(_ bytes: ArraySlice<UInt8>) -> Bool {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "%") {
                guard let value = percentDecoded(bytes, at: index), value != 0 else { return false }
            }
            index += 1
        }
        return true
    }
}

/// The query of a target; names and values are percent-decoded when they are looked at.
package struct RequestQuery: Equatable, Sendable {
    private let text: String

    init(_ text: String) { self.text = text }

    /// The first value of `name`; empty when it stands without one.
    package func value(_ name: String) -> String? {
        pairs.first { $0.name == name }?.value
    }

    /// Whether any of `names` (lowercase) occurs, in whatever case.
    package func contains(anyOf names: [String]) -> Bool {
        pairs.contains { names.contains($0.name.asciiLowercased) }
    }

    private var pairs: some Sequence<(name: String, value: String)> {
        text.split(separator: "&").lazy.map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decoded(parts[0]), parts.count == 2 ? Self.decoded(parts[1]) : "")
        }
    }

    private static func decoded(_ text: Substring) -> String {
        let bytes = Array(text.utf8)[...]
        var output: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if let value = percentDecoded(bytes, at: index) {
                output.append(value)
                index += 3
            } else {
                output.append(bytes[index] == UInt8(ascii: "+") ? UInt8(ascii: " ") : bytes[index])
                index += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}

/// The byte that `%XX` at `index` stands for.
private func percentDecoded(_ bytes: ArraySlice<UInt8>, at index: Int) -> UInt8? {
    guard bytes[index] == UInt8(ascii: "%"), bytes.endIndex - index > 2,
        let high = bytes[index + 1].hexadecimalValue, let low = bytes[index + 2].hexadecimalValue
    else { return nil }
    return high &<< 4 | low
}
