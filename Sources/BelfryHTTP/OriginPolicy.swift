// Which pages may connect. A browser tells the page's origin and cannot be made to lie about it, so this list is what
// keeps another site's script from using a visitor's network position (cross-site WebSocket hijacking). Origins are
// compared whole: scheme, host and port, never a part of a string.

/// The origin of a page (RFC 6454, section 6.2): `scheme://host[:port]` and nothing else.
struct Origin: Equatable, Sendable {
    let scheme: String
    let authority: Authority

    init?(_ text: String) {
        guard let separator = Self.separator(in: text) else { return nil }
        scheme = text[..<separator.lowerBound].asciiLowercased
        guard Self.isScheme(scheme),
            let authority = Authority(text[separator.upperBound...], defaultPort: Self.defaultPort(scheme))
        else { return nil }
        self.authority = authority
    }

    static func separator(in text: String) -> Range<String.Index>? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let rest = text[colon...]
        guard rest.hasPrefix("://") else { return nil }
        return colon..<text.index(colon, offsetBy: 3)
    }

    private static func isScheme(_ text: String) -> Bool {
        guard let first = text.utf8.first, first.isAlphanumeric, !first.isDigit else { return false }
        return text.utf8.allSatisfy { $0.isAlphanumeric || "+-.".utf8.contains($0) }
    }

    static func defaultPort(_ scheme: String) -> UInt16? {
        switch scheme {
        case "https": 443
        case "http": 80
        default: nil
        }
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

    /// Reads the list.
    ///
    /// - Parameters:
    ///   - entries: Origins, `*` for any, or `scheme://*.domain[:port]` for every name below a domain (one label or
    ///     more, not the domain itself). An empty list allows the relay's own host.
    ///   - allowsMissing: Whether a request without an Origin field passes.
    /// - Throws: ``InvalidEntry`` for the first entry that is none of these.
    package init(_ entries: [String], allowsMissing: Bool = true) throws(InvalidEntry) {
        var parsed: [Entry] = []
        for entry in entries {
            guard let known = Self.parse(entry) else { throw InvalidEntry(entry: entry) }
            parsed.append(known)
        }
        self.entries = parsed
        self.allowsMissing = allowsMissing
    }

    /// Whether the page that sent `head` may connect.
    ///
    /// `null`, what browsers send for sandboxed and local pages, never may, not even under `*`: any site can make
    /// a frame with that origin.
    package func allows(_ head: RequestHead) -> Bool {
        let values = head.values("origin")
        guard let value = values.first else { return allowsMissing }
        guard values.count == 1, !value.isEmpty, !value.equalsIgnoringCase("null") else { return false }
        if entries.contains(.any) { return true }
        guard let origin = Origin(value) else { return false }
        if entries.isEmpty { return Self.isOwn(origin, head.host) }
        return entries.contains { Self.matches($0, origin) }
    }

    /// The relay speaks TLS only, so its own origin is `https` with the Host field's port.
    private static func isOwn(_ origin: Origin, _ host: String) -> Bool {
        origin.scheme == "https" && origin.authority == Authority(host, defaultPort: 443)
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
        let labels = origin.authority.host.split(separator: ".", omittingEmptySubsequences: false)
        let base = domain.authority.host.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count > base.count, !labels.contains("") else { return false }
        return labels.suffix(base.count) == base[...]
    }

    private static func parse(_ entry: String) -> Entry? {
        if entry == "*" { return .any }
        guard let separator = Origin.separator(in: entry) else { return nil }
        guard entry[separator.upperBound...].hasPrefix("*.") else { return Origin(entry).map(Entry.exact) }
        let domain = entry[..<separator.upperBound] + entry[separator.upperBound...].dropFirst(2)
        return Origin(String(domain)).map(Entry.subdomains)
    }
}
