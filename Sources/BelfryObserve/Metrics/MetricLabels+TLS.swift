/// The TLS versions we speak.
@frozen public enum TLSVersionLabel: UInt8, MetricLabel {
    case tls12
    case tls13

    public var label: String {
        switch self {
        case .tls12: "1.2"
        case .tls13: "1.3"
        }
    }
}

/// A yes or no.
@frozen public enum Flag: UInt8, MetricLabel {
    case no
    case yes

    @inlinable public init(_ value: Bool) { self = value ? .yes : .no }
}

/// Why a handshake failed: the words of `TLSFailure.Reason`, in its order.
@frozen public enum HandshakeFailure: UInt8, MetricLabel {
    case plaintext
    case badRecord
    case oversizeHello
    case noSharedVersion
    case noSharedCipher
    case noSharedGroup
    case alpn
    case clientAlertCertificate
    case clientAlertOther
    case timeout
    case noClientCertificate
    case clientCertificateExpired
    case clientCertificateUntrusted
    case closed
    case `internal`
}

/// The negotiated cipher; a TLS 1.2 suite is folded over its certificate type.
@frozen public enum CipherLabel: UInt8, MetricLabel {
    case aes128GCM
    case aes256GCM
    case chacha20
    case ecdheAES128GCM
    case ecdheAES256GCM
    case ecdheChacha20
    case other

    public var label: String {
        switch self {
        case .aes128GCM: "TLS_AES_128_GCM_SHA256"
        case .aes256GCM: "TLS_AES_256_GCM_SHA384"
        case .chacha20: "TLS_CHACHA20_POLY1305_SHA256"
        case .ecdheAES128GCM: "ECDHE_AES_128_GCM_SHA256"
        case .ecdheAES256GCM: "ECDHE_AES_256_GCM_SHA384"
        case .ecdheChacha20: "ECDHE_CHACHA20_POLY1305_SHA256"
        case .other: "other"
        }
    }

    /// By the number on the wire (RFC 8446 B.4, RFC 5289, RFC 7905).
    public init(suite: UInt16) {
        self =
            switch suite {
            case 0x1301: .aes128GCM
            case 0x1302: .aes256GCM
            case 0x1303: .chacha20
            case 0xC02B, 0xC02F: .ecdheAES128GCM
            case 0xC02C, 0xC030: .ecdheAES256GCM
            case 0xCCA8, 0xCCA9: .ecdheChacha20
            default: .other
            }
    }
}

/// What a hello offered that offers nothing we take.
@frozen public enum LegacyOffer: UInt8, MetricLabel {
    case ssl3
    case tls10
    case tls11
    /// A version we speak, but only CBC suites.
    case onlyCBC

    public var label: String {
        switch self {
        case .ssl3: "ssl3"
        case .tls10: "tls1_0"
        case .tls11: "tls1_1"
        case .onlyCBC: "only_cbc"
        }
    }
}

/// How an attempt ended.
@frozen public enum Outcome: UInt8, MetricLabel {
    case success
    case failure

    @inlinable public init(succeeded: Bool) { self = succeeded ? .success : .failure }
}
