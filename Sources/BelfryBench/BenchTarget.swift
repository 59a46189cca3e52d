/// Where the bench connects to: a `wss` URL (RFC 6455, section 3).
package struct BenchTarget: Equatable, Sendable {
    /// A name or an address, without brackets.
    package let host: String
    package let port: UInt16
    /// Path and query.
    package let path: String

    /// Reads `wss://host[:port]/path`, at most 1,024 printable ASCII characters, no user and no fragment.
    package init(parsing url: String) throws(BenchRefusal) {
        guard url.utf8.count <= 1_024, url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            url.lowercased().hasPrefix("wss://"), !url.contains("#")
        else { throw .url }
        let rest = url.dropFirst("wss://".count)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard let (host, port) = Self.authority(rest[..<slash]) else { throw .url }
        self.host = host
        self.port = port
        path = slash == rest.endIndex ? "/" : String(rest[slash...])
    }

    /// What the Host header says.
    var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    private static func authority(_ text: Substring) -> (String, UInt16)? {
        if text.contains("@") { return nil }
        var host = text
        var port: UInt16? = 443
        if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
            host = text[..<colon]
            port = UInt16(text[text.index(after: colon)...])
        }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard let port, port > 0, !host.isEmpty, host.contains(":") == isBracketed else { return nil }
        return (String(host), port)
    }
}
