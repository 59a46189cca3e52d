/// What one step of a session did.
@frozen package enum TLSStep: Equatable, Sendable {
    /// `byteCount` bytes moved; never zero.
    case progressed(byteCount: Int)
    /// Nothing moves until the peer sends more.
    case needsRead
    /// Nothing moves until the socket takes more.
    case needsWrite
    /// The peer said `close_notify`: no plaintext follows.
    case peerClosed
    /// The peer closed without `close_notify`: what was read may have been cut short (RFC 8446, 6.1).
    case truncated
    /// This connection had its share of the turn: read again in the next one, without waiting for readiness.
    case budgetSpent
    /// The session is dead; close the socket.
    case failed(TLSFailure)
}

/// What one step of the handshake did.
package enum HandshakeStep: Equatable, Sendable {
    /// The session is open. Read at once: the first request may have come with the last handshake message.
    case done(HandshakeSummary)
    case needsRead
    case needsWrite
    /// As ``TLSStep/budgetSpent``.
    case budgetSpent
    case failed(TLSFailure)
}

/// What was agreed.
package struct HandshakeSummary: Equatable, Sendable {
    package var version: TLSVersion
    package var cipher: TLSCipher
    package var group: TLSGroup
    /// A ticket was honoured, so no certificate was sent.
    package var isResumed: Bool
    /// The host name the client asked for, as the gate read it.
    package var serverName: String?
    /// `http/1.1` by ALPN, or `nil` when the client offered nothing.
    package var applicationProtocol: ApplicationProtocol?
    /// SHA-256 over the DER form of the client's verified certificate (RFC 8705, 3.1), 32 bytes.
    package var clientThumbprint: [UInt8]?

    /// What ALPN may choose.
    package enum ApplicationProtocol: String, Sendable {
        case http1_1 = "http/1.1"
    }
}

/// The versions we speak.
package enum TLSVersion: String, CaseIterable, Sendable {
    case tls1_2 = "1.2"
    case tls1_3 = "1.3"
}

/// The cipher suites we allow, by their IANA names.
package enum TLSCipher: String, CaseIterable, Sendable {
    case aes128GCM = "TLS_AES_128_GCM_SHA256"
    case aes256GCM = "TLS_AES_256_GCM_SHA384"
    case chacha20 = "TLS_CHACHA20_POLY1305_SHA256"
    case ecdsaAES128GCM = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    case ecdsaAES256GCM = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
    case ecdsaChaCha20 = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
    case rsaAES128GCM = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    case rsaAES256GCM = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
    case rsaChaCha20 = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
    case other

    /// By IANA number.
    package init(suite: UInt16) {
        self =
            switch suite {
            case 0x1301: .aes128GCM
            case 0x1302: .aes256GCM
            case 0x1303: .chacha20
            case 0xC02B: .ecdsaAES128GCM
            case 0xC02C: .ecdsaAES256GCM
            case 0xCCA9: .ecdsaChaCha20
            case 0xC02F: .rsaAES128GCM
            case 0xC030: .rsaAES256GCM
            case 0xCCA8: .rsaChaCha20
            default: .other
            }
    }
}

/// The key exchange groups we allow.
package enum TLSGroup: String, CaseIterable, Sendable {
    case x25519
    case p256 = "secp256r1"
    case p384 = "secp384r1"
    case other
}
