/// What a request line asks for (RFC 9112, section 3.2): origin-form, or absolute-form as sent to proxies.
package struct RequestTarget: Equatable, Sendable {
    private let writtenPath: Octets
    package let query: RequestQuery
    /// The authority of an absolute target.
    let authority: Octets?

    /// As written, still percent-encoded: routes match it literally, so no two spellings reach the same one.
    package var path: String { writtenPath.isEmpty ? Self.root : writtenPath.text }

    /// Whether ``path`` is `path`, without making text of it.
    func hasPath(_ path: String) -> Bool {
        writtenPath.isEmpty ? path == Self.root : writtenPath.equals(path)
    }

    /// What the empty path of an absolute target means (RFC 9110, section 4.2.3).
    private static let root = "/"

    init(_ places: TargetPlaces, in head: [UInt8]) {
        writtenPath = head[places.path]
        query = RequestQuery(head[places.query])
        authority = places.authority.map { head[$0] }
    }
}

/// Where the parts of a target stand in their head.
struct TargetPlaces: Equatable, Sendable {
    let authority: Place?
    let path: Place
    let query: Place

    /// Refuses fragments, the asterisk and authority forms, characters no URL holds, and `%00`.
    init(_ target: Octets) throws(HTTPRefusal) {
        guard Self.isSound(target.span) else { throw .malformedTarget }
        var rooted = target
        var authority: Octets?
        if target.first != UInt8(ascii: "/") {
            guard let absolute = Self.absoluteAuthority(target) else { throw .malformedTarget }
            authority = absolute
            rooted = target[absolute.endIndex...]
        }
        let (path, query) = rooted.cut(at: UInt8(ascii: "?"))
        self.authority = authority.map(Place.init)
        self.path = Place(path)
        self.query = Place(query ?? [])
    }

    private static func isSound(_ target: Span<UInt8>) -> Bool {
        var index = 0
        while index < target.count {
            guard target[index].isTargetCharacter else { return false }
            if target[index] == UInt8(ascii: "%") {
                guard let value = target.percentDecoded(at: index), value != 0 else { return false }
            }
            index &+= 1
        }
        return true
    }

    private static func absoluteAuthority(_ target: Octets) -> Octets? {
        let schemes = ["https://", "http://"]
        guard let scheme = schemes.first(where: { target.prefix($0.utf8.count).equalsIgnoringCase($0) })
        else { return nil }
        let authority = target.dropFirst(scheme.utf8.count).prefix {
            $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?")
        }
        return authority.isEmpty ? nil : authority
    }
}
