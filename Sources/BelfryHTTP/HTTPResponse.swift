/// One answer, complete in memory.
///
/// Every answer carries HSTS (two years, as Mozilla's guideline asks), the 101 too: scanners and browsers read it
/// from whatever they get. Every answer but the 101 ends the connection.
package struct HTTPResponse: Equatable, Sendable {
    package let status: HTTPStatus
    /// The status line and the fields, up to and with the empty line.
    private let head: [UInt8]
    package let body: [UInt8]

    /// An answer with a body.
    init(_ status: HTTPStatus, _ fields: [HTTPField], body: String) {
        self.status = status
        self.body = Array(body.utf8)
        let length = HTTPField(name: "Content-Length", value: String(self.body.count))
        head = Self.lines(status, Self.common + fields + [length].compactMap { $0 }) + "\r\n".utf8
    }

    /// A 101 has neither body nor length (RFC 9110, section 8.6).
    init(switchingProtocols digest: [UInt8], subprotocol: Subprotocol?, deflate: DeflateAgreement?) {
        status = .switchingProtocols
        body = []
        var head: [UInt8] = []
        head.reserveCapacity(256)  // some 220 are written
        head.append(contentsOf: Self.switchingProtocols)
        head.append(contentsOf: "Sec-WebSocket-Accept: ".utf8)
        Base64.append(digest, to: &head)
        if let subprotocol {
            head.append(contentsOf: "\r\nSec-WebSocket-Protocol: ".utf8)
            head.append(contentsOf: subprotocol.name.utf8)
        }
        if let deflate {
            head.append(contentsOf: "\r\nSec-WebSocket-Extensions: ".utf8)
            head.append(contentsOf: deflate.element.utf8)
        }
        head.append(contentsOf: "\r\n\r\n".utf8)
        self.head = head
    }

    /// The bytes to send.
    ///
    /// - Parameter method: The request's; an answer to HEAD keeps its length and leaves out the body.
    /// - Returns: The whole answer.
    package func encoded(for method: HTTPMethod = .get) -> [UInt8] {
        method == .head || body.isEmpty ? head : head + body
    }

    static func lines(_ status: HTTPStatus, _ fields: [HTTPField]) -> [UInt8] {
        var output = Array("HTTP/1.1 \(status.rawValue) \(status.reason)\r\n".utf8)
        for field in fields { output += "\(field.name): \(field.value)\r\n".utf8 }
        return output
    }

    /// What stands in every answer of a page: its other fields are its own.
    static let always = [
        ("Strict-Transport-Security", "max-age=63072000"), ("X-Content-Type-Options", "nosniff"),
    ]

    private static let transportSecurity = HTTPField("Strict-Transport-Security", "max-age=63072000")

    /// What every 101 begins with.
    private static let switchingProtocols = lines(
        .switchingProtocols,
        [transportSecurity, HTTPField("Upgrade", "websocket"), HTTPField("Connection", "Upgrade")])

    private static let common = [
        transportSecurity,
        HTTPField("X-Content-Type-Options", "nosniff"),
        HTTPField("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        HTTPField("Cache-Control", "no-store"),
    ]
}
