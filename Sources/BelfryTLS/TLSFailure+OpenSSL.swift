internal import COpenSSL

/// OpenSSL's error queue of this thread.
enum ErrorQueue {
    /// Empties the queue.
    ///
    /// - Returns: Its first entry, which is the cause; the later ones are its echoes up the call chain. 0 when empty.
    static func drain() -> UInt64 {
        let first = UInt64(ERR_get_error())
        ERR_clear_error()
        return first
    }

    /// What OpenSSL calls the reason, for people; never input of a decision.
    static func text(of code: UInt64) -> String {
        guard code != 0, let text = unsafe ERR_reason_error_string(UInt(code)) else { return "unknown" }
        return unsafe String(cString: text)
    }
}

extension TLSFailure {
    /// OpenSSL's words, or the system's error number; never bytes of the peer.
    package var detail: String {
        if certificateError != 0, let text = unsafe X509_verify_cert_error_string(Int(certificateError)) {
            return unsafe String(cString: text)
        }
        if libraryCode != 0 { return ErrorQueue.text(of: libraryCode) }
        if systemError != 0 { return "errno \(systemError)" }
        return reason.rawValue
    }

    /// Empties the error queue and names the crime.
    init(of ssl: OpaquePointer, _ wire: UnsafeMutablePointer<Wire>) {
        let code = ErrorQueue.drain()
        let (sent, received) = unsafe (wire.pointee.alertSent, wire.pointee.alertReceived)
        let systemError = unsafe wire.pointee.systemError
        self.init(
            Self.reason(code: code, alertReceived: received, systemError: systemError),
            alertSent: sent, alertReceived: received, libraryCode: code, systemError: systemError)
        if reason == .clientCertificateUntrusted { unsafe judgeCertificate(of: ssl) }
        // The gate lets no such hello pass: it is the client's chain.
        if reason == .oversizeHello, unsafe SSL_get_state(ssl) == TLS_ST_SR_CERT {
            reason = .clientCertificateUntrusted
        }
    }

    private mutating func judgeCertificate(of ssl: OpaquePointer) {
        certificateError = Int32(truncatingIfNeeded: unsafe SSL_get_verify_result(ssl))
        switch certificateError {
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: reason = .clientCertificateExpired
        default: break
        }
    }

    private static func reason(code: UInt64, alertReceived: TLSAlert?, systemError: Int32) -> Reason {
        if let alertReceived {
            return alertReceived.blamesCertificate ? .clientAlertCertificate : .clientAlertOther
        }
        if systemError != 0 { return .closed }
        guard code != 0 else { return .internal }
        return reason(
            ofLibrary: Int32(truncatingIfNeeded: code >> 23 & 0xFF),
            Int32(truncatingIfNeeded: code & 0x7F_FFFF))
    }

    /// Errors of libssl not named here are rules the peer broke; errors of libcrypto are ours, except where a peer's key
    /// or signature does not decode.
    private static func reason(ofLibrary library: Int32, _ reason: Int32) -> Reason {
        guard library == ERR_LIB_SSL else { return Self.reason(ofLibcrypto: library) }
        return switch reason {
        case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST: .plaintext
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_UNKNOWN_PROTOCOL, SSL_R_VERSION_TOO_LOW,
            SSL_R_VERSION_TOO_HIGH,
            SSL_R_INAPPROPRIATE_FALLBACK, SSL_R_NO_PROTOCOLS_AVAILABLE:
            .noSharedVersion
        case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS,
            SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
            SSL_R_NO_SUITABLE_DIGEST_ALGORITHM, SSL_R_NO_CIPHERS_SPECIFIED:
            .noSharedCipher
        case SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SHARED_GROUPS, SSL_R_NO_SUITABLE_GROUPS: .noSharedGroup
        case SSL_R_NO_APPLICATION_PROTOCOL: .alpn
        case SSL_R_EXCESSIVE_MESSAGE_SIZE: .oversizeHello
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: .noClientCertificate
        case SSL_R_CERTIFICATE_VERIFY_FAILED: .clientCertificateUntrusted
        // Reasons common to all libraries, out of memory for one.
        case _ where Int(reason) & ERR_RFLAG_COMMON != 0: .internal
        default: .badRecord
        }
    }

    /// Our own certificates are decoded before any handshake: in one, ASN.1 and X.509 are the client's.
    private static func reason(ofLibcrypto library: Int32) -> Reason {
        switch library {
        case ERR_LIB_EC: .badRecord
        case ERR_LIB_ASN1, ERR_LIB_X509, ERR_LIB_X509V3: .clientCertificateUntrusted
        default: .internal
        }
    }
}
