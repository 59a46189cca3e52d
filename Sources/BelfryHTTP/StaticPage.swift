// A page that stays the same while the process runs. Its answers are made once; those who ask share their bytes.

/// A document for browsers, with a policy that allows its own style and script and a WebSocket to its own host.
package struct StaticPage: Sendable {
    /// One of the page's answers, complete.
    package struct Answer: Equatable, Sendable {
        package let status: HTTPStatus
        package let bytes: [UInt8]
    }

    private let tag: String
    private let whole: Answer
    private let head: Answer
    private let unchanged: Answer

    /// - Parameters:
    ///   - document: The page as HTML.
    ///   - style: What stands in its one `style` element, to the byte.
    ///   - script: What stands in its one `script` element, to the byte.
    ///   - sha256: SHA-256 of the bytes given, 32 bytes; comes from the module that owns the digest library.
    package init(document: String, style: String, script: String, sha256: (Span<UInt8>) -> [UInt8]) {
        let body = Array(document.utf8)
        tag = "\"\(Base64.encode(sha256(document.utf8.span)).prefix(22))\""
        let policy = Self.policy(
            style: Base64.encode(sha256(style.utf8.span)), script: Base64.encode(sha256(script.utf8.span)))
        let fields = HTTPResponse.always + Self.fields + [("Content-Security-Policy", policy), ("ETag", tag)]
        let length = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "\(body.count)")]
        head = Answer(status: .ok, bytes: Self.head(.ok, fields + length))
        whole = Answer(status: .ok, bytes: head.bytes + body)
        unchanged = Answer(status: .notModified, bytes: Self.head(.notModified, fields))
    }

    /// The answer to a GET or HEAD; 304 to who has the page already (RFC 9110, section 13.1.2).
    package func answer(to request: RequestHead) -> Answer {
        let known = request.list("If-None-Match")
        if known.contains(where: { $0 == tag || $0 == "W/\(tag)" || $0 == "*" }) { return unchanged }
        return request.method == .head ? head : whole
    }

    /// What the page may do (CSP level 3).
    ///
    /// `connect-src 'self'` covers the WebSocket, whose origin is the page's with another scheme. Trusted Types keep the
    /// script itself from making markup of text.
    private static func policy(style: String, script: String) -> String {
        """
        default-src 'none'; style-src 'sha256-\(style)'; script-src 'sha256-\(script)'; connect-src 'self'; \
        img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
        require-trusted-types-for 'script'; trusted-types 'none'
        """
    }

    private static let fields = [
        ("Connection", "close"),
        // Kept, and asked about each time.
        ("Cache-Control", "no-cache"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
    ]

    private static func head(_ status: HTTPStatus, _ fields: [(name: String, value: String)]) -> [UInt8] {
        HTTPResponse.lines(status, fields.compactMap { HTTPField(name: $0.name, value: $0.value) })
            + "\r\n".utf8
    }
}
