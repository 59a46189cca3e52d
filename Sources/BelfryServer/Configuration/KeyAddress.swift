import BelfryReactor
import Foundation

extension Configuration.Auth {
    /// Where an issuer publishes its keys.
    package struct KeyAddress: Equatable, Sendable {
        /// As `ConfigurationFormat.keyAddress` lets it through.
        package var url = ""
        /// Path of a PEM file with the authorities to trust in place of the system's; empty for those.
        package var authorities = ""

        /// What journal and messages call it: without the query, which may hold what is nobody's business.
        package var name: String { String(url.prefix { $0 != "?" }) }

        /// Fetched without TLS, which is let through on the loopback only.
        package var isPlain: Bool { !url.hasPrefix("https:") }
    }
}

extension ConfigurationFormat<String> {
    /// An address of keys: `https`, or `http` to this very machine, where nobody else can answer.
    static var keyAddress: Self {
        let expects =
            "an https:// URL, or an http:// one of this machine's loopback, without user or fragment"
        return Self(expects: expects) { text, _ in
            guard (1...1_024).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
                let parts = URLComponents(string: text), parts.user == nil, parts.password == nil,
                parts.fragment == nil, let host = parts.host, !host.isEmpty,
                (1...65_535).contains(parts.port ?? 443)
            else { return nil }
            let isAllowed = parts.scheme == "https" || parts.scheme == "http" && isLoopback(host)
            return isAllowed ? text : nil
        }
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" { return true }
        return ListenAddress(parsing: "\(host):1")?.isLoopback ?? false
    }
}
