internal import COpenSSL

// One TLS connection, client side, as plain as OpenSSL makes it: the socket is OpenSSL's to read and write,
// so the process has to ignore SIGPIPE. What the relay does to spare system calls (TLSSession) a client does
// not need.
//
// Always: (1) nothing blocks; (2) after `.failed` or `.closed` the owner closes the socket and
// calls no more: freeing the session touches no descriptor; (3) a refused write is repeated with the same
// bytes, or with more behind them.

/// One client-side TLS session.
///
/// Owns one `SSL *`; the socket stays the caller's.
@safe package struct TLSClientSession: ~Copyable {
    /// What one call did.
    package enum Step: Equatable, Sendable {
        /// `byteCount` bytes moved, or the handshake is over and it is 0.
        case done(byteCount: Int)
        case needsRead
        case needsWrite
        /// The peer has closed, with `close_notify` or without.
        case closed
        /// OpenSSL's or the verifier's words; never bytes of the peer.
        case failed(String)
    }

    private let ssl: OpaquePointer
    // Kept alive for the SSL.
    private let context: TLSClientContext

    /// Begins a session on a connected or connecting socket.
    ///
    /// - `context`: Kept until the session is freed.
    /// - `host`: The name or address the certificate must bear, unless the context does not verify.
    /// - `isAddress`: An address is not sent as server name (RFC 6066, 3).
    /// - `descriptor`: Non-blocking.
    /// Answers: `nil` when memory is out or the host is no name.
    package init?(context: TLSClientContext, host: String, isAddress: Bool, descriptor: Int32) {
        belfry_clear_errors()
        guard let ssl = unsafe SSL_new(context.context) else { return nil }
        let named = unsafe isAddress || belfry_ssl_set_server_name(ssl, host) == 1
        let checked = unsafe !context.verifiesPeer || SSL_set1_host(ssl, host) == 1
        guard named, checked, unsafe SSL_set_fd(ssl, descriptor) == 1 else {
            unsafe SSL_free(ssl)
            return nil
        }
        unsafe SSL_set_connect_state(ssl)
        unsafe self.ssl = unsafe ssl
        self.context = context
    }

    deinit { unsafe SSL_free(ssl) }

    /// Goes on with the handshake.
    package mutating func handshake() -> Step {
        belfry_clear_errors()
        let result = unsafe SSL_do_handshake(ssl)
        return result == 1 ? .done(byteCount: 0) : step(after: result)
    }

    /// Decrypts the next record into the front of `buffer`, which is not empty.
    package mutating func read(into buffer: inout [UInt8]) -> Step {
        let ssl = unsafe self.ssl
        var count = 0
        belfry_clear_errors()
        let result = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe SSL_read_ex(ssl, bytes.baseAddress, bytes.count, &count)
        }
        return result == 1 ? .done(byteCount: count) : step(after: result)
    }

    /// Encrypts as much of `bytes`, which is not empty, as the socket takes.
    package mutating func write(_ bytes: ArraySlice<UInt8>) -> Step {
        let ssl = unsafe self.ssl
        var count = 0
        belfry_clear_errors()
        let result = unsafe bytes.withUnsafeBytes { bytes in
            unsafe SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &count)
        }
        return result == 1 ? .done(byteCount: count) : step(after: result)
    }

    /// Says `close_notify` if the socket takes it at once.
    package mutating func closeNotify() {
        belfry_clear_errors()
        if unsafe SSL_is_init_finished(ssl) == 1 { _ = unsafe SSL_shutdown(ssl) }
    }

    private func step(after result: CInt) -> Step {
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .needsRead
        case SSL_ERROR_WANT_WRITE: return .needsWrite
        case SSL_ERROR_ZERO_RETURN: return .closed
        case SSL_ERROR_SYSCALL: return .closed
        default: return .failed(failureText())
        }
    }

    private func failureText() -> String {
        let code = ErrorQueue.drain()
        let verdict = unsafe SSL_get_verify_result(ssl)
        guard context.verifiesPeer, verdict != X509_V_OK,
            let text = unsafe X509_verify_cert_error_string(verdict)
        else { return ErrorQueue.text(of: code) }
        return unsafe "certificate: " + String(cString: text)
    }
}
