import BelfryConsole
import Crypto
import Foundation
import HTTPTypes

/// The page at `/`: the same bytes for everybody, but for the figures of those who run no script.
struct ConsoleDocument: Sendable {
    private let before: [UInt8]
    private let after: [UInt8]
    private let policy: String

    init() {
        let parts = ConsolePage.document.split(
            separator: ConsolePage.noscriptMark, maxSplits: 1, omittingEmptySubsequences: false)
        before = parts.first.map { Array($0.utf8) } ?? []
        after = parts.count > 1 ? Array(parts[1].utf8) : []
        policy = Self.policy(style: ConsolePage.style, script: ConsolePage.script)
    }

    func page(_ report: StatusReport?) -> Answer {
        let figures = report.map(ConsoleFigures.html) ?? ""
        let body = before + Array("<noscript>\(figures)</noscript>".utf8) + after
        var answer = Answer(.ok, "text/html; charset=utf-8", body)
        answer.headers[.contentSecurityPolicy] = policy
        return answer
    }

    /// What the page may do (CSP level 3).
    ///
    /// Its own style and script by their digests, questions to its own origin, and no markup made of text.
    private static func policy(style: String, script: String) -> String {
        """
        default-src 'none'; style-src '\(digest(style))'; script-src '\(digest(script))'; connect-src 'self'; \
        img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
        require-trusted-types-for 'script'; trusted-types 'none'
        """
    }

    private static func digest(_ text: String) -> String {
        "sha256-" + Data(SHA256.hash(data: Data(text.utf8))).base64EncodedString()
    }
}
