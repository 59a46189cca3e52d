/// Why a request at the WebSocket path is not upgraded.
package enum UpgradeRefusal: Error, CaseIterable, Equatable, Sendable {
    /// A plain request: no `Upgrade: websocket`.
    case notAnUpgrade
    /// `Upgrade` without `Connection: upgrade`, which a proxy in between may have taken away.
    case connectionField
    /// Not version 13 (RFC 6455, section 4.4).
    case version
    /// No key, several, or one that does not stand for 16 bytes.
    case key
    case origin
    /// A token in the URL, where every log on the way keeps it.
    case queryToken
    /// The client asked for Protobuf alone, and this build does not speak it.
    /// A malformed bearer token, or several that differ.
    case credentials

    package var status: HTTPStatus {
        switch self {
        case .notAnUpgrade, .version: .upgradeRequired
        case .origin: .forbidden
        default: .badRequest
        }
    }

    package var result: UpgradeResult {
        switch self {
        case .notAnUpgrade, .connectionField, .key: .handshake
        case .version: .version
        case .origin: .origin
        case .queryToken: .queryToken
        case .credentials: .credentials
        }
    }

    var explanation: String {
        switch self {
        case .notAnUpgrade: "This is a WebSocket endpoint: send 'Upgrade: websocket' (RFC 6455)."
        case .connectionField: "The Connection field must name 'upgrade'."
        case .version: "Only WebSocket version 13 is spoken here."
        case .key: "Sec-WebSocket-Key must be 16 bytes in Base64, once."
        case .origin:
            "This page's origin may not connect here; the operator allows origins in client.origins."
        case .queryToken:
            "A token must not travel in the URL: send it in the connect command, in 'Authorization: Bearer', "
                + "or as a 'bearer.<token>' subprotocol."
        case .credentials: "The bearer token is malformed, or several were sent."
        }
    }
}

/// The closed label set of `belfry_ws_upgrades_total`.
package enum UpgradeResult: String, CaseIterable, Sendable {
    case accepted, handshake, version, origin, credentials
    case queryToken = "query_token"
    /// Answered 503 before the handshake was looked at.
    case unavailable
}
