/// What a client offered in its ClientHello (RFC 8446, 4.1.2), as far as we ask.
///
/// Read from the bytes themselves: OpenSSL 3.0 hides the extensions it does not know (GREASE, ECH, ALPS), and a
/// fingerprint without them is wrong for every browser of today. OpenSSL judges the hello; this only describes it.
package struct ClientHello: Equatable, Sendable {
    /// The version field of before TLS 1.3.
    package var legacyVersion: UInt16 = 0
    /// `supported_versions` as sent, GREASE included; empty when absent.
    package var supportedVersions: [UInt16] = []
    /// The host name of `server_name`, lower case; `nil` when absent or not a host name.
    package var serverName: String?
    /// ALPN, most wanted first.
    package var applicationProtocols: [[UInt8]] = []
    package var cipherSuites: [UInt16] = []
    package var groups: [UInt16] = []
    package var signatureAlgorithms: [UInt16] = []
    /// Extension types in the order sent, GREASE included.
    package var extensions: [UInt16] = []
    /// `false` when a length inside the message contradicts another; the fields hold what came before it.
    package var isWellFormed = false

    package init() {}
}

extension ClientHello {
    /// Names a hello that offers only what nobody should use any more: the label of `tls_legacy_offers_total`.
    package enum LegacyOffer: String, CaseIterable, Sendable {
        case ssl3
        case tls1_0
        case tls1_1
        /// TLS 1.2, but no authenticated cipher suite (RFC 9325, 4.1 asks for AEAD).
        case onlyCBC = "only_cbc"
    }

    /// The highest version offered, GREASE apart; `supported_versions` outranks the legacy field (RFC 8446, 4.2.1).
    package var offeredMaxVersion: UInt16 {
        supportedVersions.lazy.filter { !Self.isGREASE($0) }.max() ?? legacyVersion
    }

    /// Set when the hello offers only outdated protocols.
    package var legacyOffer: LegacyOffer? {
        switch offeredMaxVersion {
        case ...0x0300: .ssl3
        case 0x0301: .tls1_0
        case 0x0302: .tls1_1
        case 0x0303: cipherSuites.contains(where: Self.isAEAD) ? nil : .onlyCBC
        default: nil
        }
    }

    /// Reserved values a client sprinkles in so that servers stay tolerant (RFC 8701).
    static func isGREASE(_ value: UInt16) -> Bool {
        value & 0x0F0F == 0x0A0A && value >> 8 == value & 0xFF
    }

    /// The GCM, CCM and ChaCha20-Poly1305 blocks of the IANA cipher suite table.
    private static func isAEAD(_ suite: UInt16) -> Bool {
        switch suite {
        case 0x009C...0x00AD, 0x1301...0x1305, 0xC02B...0xC032, 0xC09C...0xC0AF, 0xCCA8...0xCCAE: true
        default: false
        }
    }
}
