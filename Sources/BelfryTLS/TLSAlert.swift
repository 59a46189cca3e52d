/// A TLS alert description (RFC 8446, 6; IANA TLS Alerts).
@frozen package struct TLSAlert: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let closeNotify = TLSAlert(rawValue: 0)
    package static let unexpectedMessage = TLSAlert(rawValue: 10)
    package static let recordOverflow = TLSAlert(rawValue: 22)
    package static let illegalParameter = TLSAlert(rawValue: 47)
    package static let protocolVersion = TLSAlert(rawValue: 70)
    package static let userCanceled = TLSAlert(rawValue: 90)
    package static let noRenegotiation = TLSAlert(rawValue: 100)
    package static let noApplicationProtocol = TLSAlert(rawValue: 120)
}

extension TLSAlert {
    /// A whole unencrypted record that carries this alert as fatal; version 3.3 as RFC 8446, 5.1 asks.
    package var record: [UInt8] { [21, 3, 3, 0, 2, 2, rawValue] }

    /// The peer's verdict is about our certificate: unknown CA, expired, revoked, wrong name and their like.
    package var blamesCertificate: Bool {
        switch rawValue {
        case 42...46, 48, 111...114, 116: true
        default: false
        }
    }
}

extension TLSAlert: CustomStringConvertible {
    package var description: String { Self.names[rawValue] ?? "alert_\(rawValue)" }

    private static let names: [UInt8: String] = [
        0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed",
        22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate",
        42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked",
        45: "certificate_expired",
        46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied",
        50: "decode_error", 51: "decrypt_error", 60: "export_restriction", 70: "protocol_version",
        71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled",
        100: "no_renegotiation", 109: "missing_extension", 110: "unsupported_extension",
        111: "certificate_unobtainable", 112: "unrecognized_name", 113: "bad_certificate_status_response",
        114: "bad_certificate_hash_value", 115: "unknown_psk_identity", 116: "certificate_required",
        120: "no_application_protocol",
    ]
}
