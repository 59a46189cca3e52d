/// By which names we may be called.
///
/// Against DNS rebinding: a page from `evil.example` that has made its name point at loopback can reach us,
/// but its browser still sends `Host: evil.example`.
struct HostAllowList: Sendable {
    private let names: Set<String>

    init(_ configuration: SidePortConfiguration) {
        let own = [configuration.host] + configuration.allowedHosts
        names = Set(["localhost", "127.0.0.1", "::1"] + own.map { $0.lowercased() })
    }

    /// Judges a Host field: a name or address, IPv6 in brackets, and perhaps a port.
    func allows(_ authority: String) -> Bool {
        guard let name = Self.name(in: authority.lowercased()) else { return false }
        return names.contains(String(name))
    }

    private static func name(in authority: String) -> Substring? {
        let isBracketed = authority.hasPrefix("[")
        let end = authority.lastIndex(of: isBracketed ? "]" : ":")
        guard let end else { return isBracketed ? nil : authority[...] }
        let name = isBracketed ? authority[..<end].dropFirst() : authority[..<end]
        var rest = authority[end...]
        if isBracketed { rest = rest.dropFirst() }
        guard rest.isEmpty || rest.first == ":" && isPort(rest.dropFirst()) else { return nil }
        return name.contains(":") == isBracketed ? name : nil
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } && (text.isEmpty || UInt16(text) != nil)
    }
}
