internal import COpenSSL

/// What the client side of TLS trusts: for the load generator, the relay itself connects nowhere.
///
/// Not thread-safe.
@safe package final class TLSClientContext {
    let context: OpaquePointer
    let verifiesPeer: Bool

    /// Makes a context.
    ///
    /// - Parameters:
    ///   - caFile: PEM certificates to trust; `nil` trusts what this system trusts.
    ///   - verifiesPeer: `false` takes any certificate: against a relay of one's own, never elsewhere.
    /// - Throws: ``CertificateError/refused(file:reason:)`` when the file holds no certificate.
    package init(caFile: String? = nil, verifiesPeer: Bool = true) throws(CertificateError) {
        ERR_clear_error()
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
            preconditionFailure("no memory for a TLS context")
        }
        unsafe self.context = unsafe context
        self.verifiesPeer = verifiesPeer
        guard unsafe belfry_ctx_set_min_version(context, TLS1_2_VERSION) == 1 else {
            preconditionFailure("libssl knows no TLS 1.2")
        }
        unsafe belfry_ctx_set_modes(context)
        unsafe belfry_ctx_session_cache_off(context)
        unsafe SSL_CTX_set_verify(context, verifiesPeer ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        if verifiesPeer { try trust(caFile) }
    }

    deinit { unsafe SSL_CTX_free(context) }

    private func trust(_ file: String?) throws(CertificateError) {
        guard let file else {
            _ = unsafe SSL_CTX_set_default_verify_paths(context)
            return
        }
        guard unsafe SSL_CTX_load_verify_locations(context, file, nil) == 1 else {
            let code = ErrorQueue.drain()
            // The top bit of 32 marks an error of the system (ERR_SYSTEM_FLAG), for which OpenSSL has no words.
            guard code & 0x8000_0000 == 0 else {
                throw .unreadable(file: file, systemError: Int32(code & 0x7FFF_FFFF))
            }
            throw .refused(file: file, reason: ErrorQueue.text(of: code))
        }
    }
}
