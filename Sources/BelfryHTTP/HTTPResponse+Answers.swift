/// What `/health` says.
package enum HealthState: String, CaseIterable, Sendable {
    case ok, starting, draining
}

extension HTTPResponse {
    /// The 101 that ends HTTP on this connection (RFC 6455, section 4.2.2).
    ///
    /// - Parameters:
    ///   - upgrade: An accepted handshake.
    ///   - sha1: SHA-1 of the bytes given, 20 bytes; comes from the module that owns the digest library.
    /// - Returns: The answer; frames follow it at once.
    package static func switchingProtocols(
        _ upgrade: AcceptedUpgrade, sha1: (Span<UInt8>) -> [UInt8]
    ) -> HTTPResponse {
        // Section 1.3: the GUID shows that the server understood the handshake and is no cache replaying one.
        var proof: [UInt8] = []
        proof.reserveCapacity(60)  // 24 of the key, 36 of the GUID
        proof.append(contentsOf: upgrade.key.utf8)
        proof.append(contentsOf: "258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)
        return HTTPResponse(
            switchingProtocols: sha1(proof.span), subprotocol: upgrade.subprotocol, deflate: upgrade.deflate)
    }

    /// The answer to a request that was refused: one sentence of text.
    package static func refusal(_ refusal: HTTPRefusal) -> HTTPResponse {
        // Upgrade is a field of this hop, so Connection must name it (RFC 9110, section 7.8).
        let connection =
            refusal.status == .upgradeRequired
            ? HTTPField("Connection", "close, Upgrade") : HTTPField("Connection", "close")
        let fields = [HTTPField("Content-Type", "text/plain; charset=utf-8"), connection] + refusal.fields
        return HTTPResponse(refusal.status, fields, body: refusal.explanation + "\n")
    }

    /// The page at ``Route/welcome``, for people who try the address in a browser.
    package static var welcome: HTTPResponse {
        let fields = [
            HTTPField("Content-Type", "text/html; charset=utf-8"), HTTPField("Connection", "close"),
        ]
        return HTTPResponse(.ok, fields, body: welcomePage)
    }

    /// The answer at ``Route/health``: 200 when `ok`, else 503, so that load balancers go elsewhere.
    package static func health(_ state: HealthState) -> HTTPResponse {
        let fields = [HTTPField("Content-Type", "application/json"), HTTPField("Connection", "close")]
        let body = "{\"status\":\"\(state.rawValue)\"}\n"
        return HTTPResponse(state == .ok ? .ok : .unavailable, fields, body: body)
    }

    /// A small JSON document that is for one client only.
    package static func json(_ text: String) -> HTTPResponse {
        let fields = [HTTPField("Content-Type", "application/json"), HTTPField("Connection", "close")]
        return HTTPResponse(.ok, fields, body: text)
    }

    private static let welcomePage = """
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><title>Belfry</title></head>
        <body>
        <h1>Belfry</h1>
        <p>This is a Belfry chat relay. It speaks the Centrifuge protocol over WebSocket.</p>
        <p>Clients connect to <code>\(Route.webSocket.rawValue)</code> on this host with <code>wss://</code>.</p>
        <p>Its state: <a href="\(Route.health.rawValue)">\(Route.health.rawValue)</a></p>
        </body>
        </html>

        """
}
