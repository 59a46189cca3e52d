/// One answer, complete in memory.
///
/// Every answer carries HSTS (two years, as Mozilla's guideline asks), the 101 too: scanners and browsers read it
/// from whatever they get. Every answer but the 101 ends the connection.
package struct HTTPResponse: Equatable, Sendable {
    package let status: HTTPStatus
    package let fields: [HTTPField]
    package let body: [UInt8]

    /// An answer with a body, or with none.
    init(_ status: HTTPStatus, _ fields: [HTTPField], body: String) {
        self.status = status
        self.body = Array(body.utf8)
        let length = HTTPField(name: "Content-Length", value: String(self.body.count))
        self.fields = Self.common + fields + [length].compactMap { $0 }
    }

    /// A 101 has neither body nor length (RFC 9110, section 8.6).
    init(switchingProtocols fields: [HTTPField]) {
        status = .switchingProtocols
        body = []
        self.fields = [Self.transportSecurity] + fields
    }

    /// The bytes to send.
    ///
    /// - Parameter method: The request's; an answer to HEAD keeps its length and leaves out the body.
    /// - Returns: The whole answer.
    package func encoded(for method: HTTPMethod = .get) -> [UInt8] {
        var output = Array("HTTP/1.1 \(status.rawValue) \(status.reason)\r\n".utf8)
        for field in fields { output += "\(field.name): \(field.value)\r\n".utf8 }
        output += "\r\n".utf8
        if method != .head { output += body }
        return output
    }

    private static let transportSecurity = HTTPField("Strict-Transport-Security", "max-age=63072000")

    private static let common = [
        transportSecurity,
        HTTPField("X-Content-Type-Options", "nosniff"),
        HTTPField("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        HTTPField("Cache-Control", "no-store"),
    ]
}
