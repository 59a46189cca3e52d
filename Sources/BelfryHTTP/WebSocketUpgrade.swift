// The opening handshake (RFC 6455, section 4.2) with the Centrifuge protocol's rules for choosing a codec.
//
// A token may ride in the Authorization field or, for browsers, as a subprotocol `bearer.<token>`. That entry is read
// and never echoed: an answer must name only a protocol that is spoken, and a token must not come back in one.

/// What a subprotocol says of how messages are written.
package enum Subprotocol: Sendable, CaseIterable {
    case json, protobuf

    /// The name in `Sec-WebSocket-Protocol`.
    package var name: String {
        switch self {
        case .json: "centrifuge-json"
        case .protobuf: "centrifuge-protobuf"
        }
    }
}

/// A token on its way to the verifier; prints as nothing useful.
package struct BearerToken: Equatable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    package let text: String

    package var description: String { "bearer token" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// Returns `nil` unless `text` is a `b64token` (RFC 6750, section 2.1).
    init?(_ text: Octets) {
        let bytes = text.span
        var end = bytes.count
        while end > 0, bytes[end &- 1] == UInt8(ascii: "=") { end &-= 1 }
        guard end > 0, bytes.extracting(0..<end).allSatisfy({ $0.isBearerCharacter }) else { return nil }
        self.text = text.text
    }
}

/// What a server allows at the handshake.
package struct UpgradePolicy: Equatable, Sendable {
    package let origins: OriginPolicy
    /// Compression is agreed on with clients that offer it.
    package let allowsDeflate: Bool

    package init(origins: OriginPolicy, allowsDeflate: Bool = false) {
        self.origins = origins
        self.allowsDeflate = allowsDeflate
    }
}

/// A handshake that may be answered with 101.
package struct AcceptedUpgrade: Equatable, Sendable {
    package let key: String
    /// The subprotocol to echo; `nil` echoes none.
    package let subprotocol: Subprotocol?
    /// How this connection's messages are written, whether or not a subprotocol was named.
    package let codec: Subprotocol
    package let bearer: BearerToken?
    /// How messages may be compressed; `nil` when none may.
    package let deflate: DeflateAgreement?
    /// The client asked for WebSocket ping frames in place of protocol-level pings.
    package let usesNativePing: Bool
}

/// The answer to a request at ``Route/webSocket``.
package enum UpgradeDecision: Equatable, Sendable {
    case accept(AcceptedUpgrade)
    case refuse(UpgradeRefusal)
}

/// Decides about opening handshakes.
package enum WebSocketUpgrade {
    /// Decides about one handshake; cheap and public checks come first, so a refusal tells nothing about tokens.
    package static func decide(_ head: RequestHead, _ policy: UpgradePolicy) -> UpgradeDecision {
        do throws(UpgradeRefusal) {
            return .accept(try accept(head, policy))
        } catch {
            return .refuse(error)
        }
    }

    /// Where clients have been seen to put tokens in a URL.
    private static let tokenParameters = ["token", "access_token", "jwt"]
    private static let bearerPrefix = "bearer."
    private static let subprotocolField = "sec-websocket-protocol"

    private static func accept(
        _ head: RequestHead, _ policy: UpgradePolicy
    ) throws(UpgradeRefusal) -> AcceptedUpgrade {
        let key = try handshakeKey(head)
        guard policy.origins.allows(head) else { throw .origin }
        let query = head.target.query
        guard !query.contains(anyOf: tokenParameters) else { throw .queryToken }
        let subprotocol = subprotocol(head)
        let codec = codec(query, subprotocol)
        return AcceptedUpgrade(
            key: key, subprotocol: subprotocol, codec: codec, bearer: try bearer(head),
            deflate: policy.allowsDeflate ? DeflateAgreement.first(in: head) : nil,
            usesNativePing: query.value("cf_ws_frame_ping_pong") == "true")
    }

    private static func handshakeKey(_ head: RequestHead) throws(UpgradeRefusal) -> String {
        guard head.hasElement("upgrade", "websocket") else { throw .notAnUpgrade }
        guard head.hasElement("connection", "upgrade") else { throw .connectionField }
        guard let version = head.onlyValue("sec-websocket-version"), version.equals("13") else {
            throw .version
        }
        guard let key = head.onlyValue("sec-websocket-key")?.text, Base64.decodedByteCount(key) == 16 else {
            throw .key
        }
        return key
    }

    /// The first name in the client's order that we know.
    ///
    /// Unknown names are passed over, and a list of nothing else is as good as none: the Centrifuge SDKs count on an
    /// upgrade.
    private static func subprotocol(_ head: RequestHead) -> Subprotocol? {
        for offer in head.elements(subprotocolField) {
            if let codec = Subprotocol.allCases.first(where: { offer.equals($0.name) }) { return codec }
        }
        return nil
    }

    private static func codec(_ query: RequestQuery, _ subprotocol: Subprotocol?) -> Subprotocol {
        let asksForProtobuf = ["format", "cf_protocol"].contains { query.value($0) == "protobuf" }
        return asksForProtobuf ? .protobuf : subprotocol ?? .json
    }

    private static func bearer(_ head: RequestHead) throws(UpgradeRefusal) -> BearerToken? {
        let texts =
            head.fieldValues("authorization").compactMap(bearerCredentials)
            + head.elements(subprotocolField).compactMap(bearerEntry)
        guard let text = texts.first else { return nil }
        guard texts.allSatisfy({ $0 == text }), let token = BearerToken(text) else { throw .credentials }
        return token
    }

    /// The credentials of `Bearer …`; other schemes are for somebody else on the way.
    private static func bearerCredentials(_ value: Octets) -> Octets? {
        let (scheme, credentials) = value.cut(at: UInt8(ascii: " "))
        guard scheme.equalsIgnoringCase("bearer") else { return nil }
        return credentials?.trimmed ?? []
    }

    private static func bearerEntry(_ offer: Octets) -> Octets? {
        offer.hasPrefix(bearerPrefix) ? offer.dropFirst(bearerPrefix.utf8.count) : nil
    }
}
