// Which pages may connect. A browser tells the page's origin and cannot be made to lie about it, so this list is what
// keeps another site's script from using a visitor's network position (cross-site WebSocket hijacking). Origins are
// compared whole: scheme, host and port, never a part of a string.

/// The origin of a page (RFC 6454, section 6.2): `scheme://host[:port]` and nothing else.
struct Origin: Equatable, Sendable {
    /// In lowercase, as the authority is.
    let scheme: Octets
    let authority: Authority

    init?(_ text: Octets) {
        let folded = text.lowercased
        guard let separator = Self.separator(in: folded) else { return nil }
        scheme = folded[..<separator.lowerBound]
        guard Self.isScheme(scheme),
            let authority = Authority(
                folded[separator.upperBound...], defaultPort: Self.defaultPort(scheme))
        else { return nil }
        self.authority = authority
    }

    static func separator(in text: Octets) -> Range<Int>? {
        guard let colon = text.span.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let start = text.startIndex &+ colon
        return text[start...].hasPrefix("://") ? start..<(start &+ 3) : nil
    }

    private static func isScheme(_ text: Octets) -> Bool {
        guard let first = text.first, first.isLetter else { return false }
        return text.span.allSatisfy {
            $0.isAlphanumeric || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
        }
    }

    private static func defaultPort(_ scheme: Octets) -> UInt16? {
        if scheme.equals("https") { return 443 }
        return scheme.equals("http") ? 80 : nil
    }
}

/// The configured allow-list (`client.origins`).
package struct OriginPolicy: Equatable, Sendable {
    private enum Entry: Equatable, Sendable {
        case any
        case exact(Origin)
        /// `https://*.example.com`: the origin of the part behind the wildcard.
        case subdomains(Origin)
    }

    /// An entry that is no origin; names it so that the operator finds it.
    package struct InvalidEntry: Error, Equatable, Sendable {
        package let entry: String
    }

    private let entries: [Entry]
    /// Whether clients that send no Origin, which are not browsers, may connect.
    private let allowsMissing: Bool
    private let allowsOwn: Bool

    /// Reads the list.
    ///
    /// - Parameters:
    ///   - entries: Origins, `*` for any, or `scheme://*.domain[:port]` for every name below a domain (one label or
    ///     more, not the domain itself). An empty list allows the relay's own host.
    ///   - allowsMissing: Whether a request without an Origin field passes.
    ///   - allowsOwn: Whether the relay's own host passes beside the list: it serves a page itself.
    /// - Throws: ``InvalidEntry`` for the first entry that is none of these.
    package init(
        _ entries: [String], allowsMissing: Bool = true, allowsOwn: Bool = false
    ) throws(InvalidEntry) {
        var parsed: [Entry] = []
        for entry in entries {
            guard let known = Self.parse(entry) else { throw InvalidEntry(entry: entry) }
            parsed.append(known)
        }
        self.entries = parsed
        self.allowsMissing = allowsMissing
        self.allowsOwn = allowsOwn || parsed.isEmpty
    }

    /// Pages of the relay's own host and nobody else.
    package static let own = OriginPolicy(allowing: [], allowsMissing: false)

    private init(allowing entries: [Entry], allowsMissing: Bool) {
        self.entries = entries
        self.allowsMissing = allowsMissing
        allowsOwn = true
    }

    /// Whether the page that sent `head` may connect.
    ///
    /// `null`, what browsers send for sandboxed and local pages, never may, not even under `*`: any site can make
    /// a frame with that origin.
    package func allows(_ head: RequestHead) -> Bool {
        var values = head.fieldValues("origin")
        guard let value = values.next() else { return allowsMissing }
        guard values.next() == nil, !value.isEmpty, !value.equalsIgnoringCase("null") else { return false }
        if entries.contains(.any) { return true }
        guard let origin = Origin(value) else { return false }
        if allowsOwn, Self.isOwn(origin, head.hostBytes) { return true }
        return entries.contains { Self.matches($0, origin) }
    }

    /// The relay speaks TLS only, so its own origin is `https` with the Host field's port.
    private static func isOwn(_ origin: Origin, _ host: Octets) -> Bool {
        origin.scheme.equals("https")
            && origin.authority == Authority(host.lowercased, defaultPort: 443)
    }

    private static func matches(_ entry: Entry, _ origin: Origin) -> Bool {
        switch entry {
        case .any: true
        case .exact(let allowed): origin == allowed
        case .subdomains(let domain): isBelow(origin, domain)
        }
    }

    private static func isBelow(_ origin: Origin, _ domain: Origin) -> Bool {
        guard origin.scheme == domain.scheme, origin.authority.port == domain.authority.port else {
            return false
        }
        let dot = UInt8(ascii: ".")
        let labels = origin.authority.host.split(separator: dot, omittingEmptySubsequences: false)
        let base = domain.authority.host.split(separator: dot, omittingEmptySubsequences: false)
        guard labels.count > base.count, !labels.contains([]) else { return false }
        return labels.suffix(base.count) == base[...]
    }

    private static func parse(_ entry: String) -> Entry? {
        if entry == "*" { return .any }
        let text = Array(entry.utf8)[...]
        guard let separator = Origin.separator(in: text) else { return nil }
        let rest = text[separator.upperBound...]
        guard rest.hasPrefix("*.") else { return Origin(text).map(Entry.exact) }
        return Origin(text[..<separator.upperBound] + rest.dropFirst(2)).map(Entry.subdomains)
    }
}
