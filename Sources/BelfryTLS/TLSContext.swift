internal import COpenSSL

/// What an operator may choose.
///
/// All else is fixed, and TLSContext says why.
package struct TLSSettings: Hashable, Sendable {
    package var minVersion: TLSVersion = .tls1_2

    package init(minVersion: TLSVersion = .tls1_2) { self.minVersion = minVersion }
}

/// The TLS configuration of one loop: an `SSL_CTX` in a library context of the loop's own.
///
/// Reloading makes a new one beside it; sessions keep the context they were made with. Not thread-safe.
@safe package final class TLSContext {
    /// Mozilla's guideline 6.0, intermediate: forward secrecy and AEAD only.
    ///
    /// TLS 1.3 keeps OpenSSL's three suites.
    private static let ciphers = """
        ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
        ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
        """
    /// OpenSSL's own list also has X448 and P-521, which the guideline refuses.
    private static let groups = "X25519:P-256:P-384"
    private static let ticketLifetimeSeconds = 86_400

    let context: OpaquePointer
    let tickets: TicketKeys
    let ticketCipher: OpaquePointer
    /// Kept as long as anything made in it; the order of release is: session, SSL_CTX, library.
    private let library: TLSLibrary

    /// Makes a context.
    ///
    /// - Parameters:
    ///   - material: Certificates; at least one pair.
    ///   - settings: The operator's choice.
    ///   - tickets: Shared by all loops, so that a ticket of one resumes on another.
    ///   - previous: The loop's context before a reload: its library context is used again, so that reloads do not
    ///     pile them up while old sessions live.
    /// - Throws: ``CertificateError/refused(file:reason:)``; nothing has changed then.
    package init(
        material: TLSMaterial, settings: TLSSettings = TLSSettings(), tickets: TicketKeys,
        replacing previous: TLSContext? = nil
    ) throws(CertificateError) {
        ERR_clear_error()
        let library = previous?.library ?? TLSLibrary()
        guard let context = unsafe SSL_CTX_new_ex(library.context, nil, TLS_server_method()),
            let cipher = unsafe EVP_CIPHER_fetch(library.context, "AES-256-CBC", nil)
        else { preconditionFailure("no memory for a TLS context") }
        self.library = library
        self.tickets = tickets
        unsafe self.context = unsafe context
        unsafe ticketCipher = unsafe cipher
        configure(settings)
        installCallbacks()
        for pair in material.pairs { try use(pair) }
        if let clients = material.clients { try verify(clients) }
    }

    deinit {
        unsafe SSL_CTX_free(context)
        unsafe EVP_CIPHER_free(ticketCipher)
    }

    /// TLS 1.3 tickets are not sent by the handshake, which would cost a packet of their own: see `offerTicket`.
    ///
    /// The lists are ours and constant, so a refusal is a bug or another libssl than we know.
    private func configure(_ settings: TLSSettings) {
        let version = settings.minVersion == .tls1_2 ? TLS1_2_VERSION : TLS1_3_VERSION
        let accepted = unsafe [
            belfry_ctx_set_min_version(context, version), SSL_CTX_set_cipher_list(context, Self.ciphers),
            belfry_ctx_set_groups(context, Self.groups), SSL_CTX_set_num_tickets(context, 0),
            SSL_CTX_set_session_id_context(context, "belfry", 6),
        ]
        precondition(
            accepted.allSatisfy { $0 == 1 },
            "libssl refuses a setting: \(ErrorQueue.text(of: ErrorQueue.drain()))")
        unsafe belfry_ctx_set_options(context)
        unsafe belfry_ctx_set_modes(context)
        unsafe belfry_ctx_session_cache_off(context)
        unsafe SSL_CTX_set_timeout(context, Self.ticketLifetimeSeconds)
    }

    private func installCallbacks() {
        let this = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe SSL_CTX_set_alpn_select_cb(context, belfryChooseProtocol, nil)
        unsafe SSL_CTX_set_info_callback(context, belfryNoteAlert)
        unsafe SSL_CTX_set_ex_data(context, 0, this)
        unsafe SSL_CTX_set_tlsext_ticket_key_evp_cb(context, belfryTicketKey)
        unsafe SSL_CTX_set_session_ticket_cb(context, belfrySealHost, belfryCheckHost, nil)
    }

    private func use(_ pair: CertifiedKey) throws(CertificateError) {
        let leaf = unsafe decodeCertificate(pair.leaf)
        let key = unsafe pair.key.withBytes { bytes in
            var next = unsafe UnsafePointer(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
            return unsafe d2i_AutoPrivateKey_ex(nil, &next, bytes.count, library.context, nil)
        }
        defer {
            unsafe X509_free(leaf)
            unsafe EVP_PKEY_free(key)
        }
        guard unsafe SSL_CTX_use_certificate(context, leaf) == 1 else { throw refusal(pair.summary.file) }
        for issuer in pair.issuers {
            let certificate = unsafe decodeCertificate(issuer)
            defer { unsafe X509_free(certificate) }
            guard unsafe belfry_ctx_add_chain_certificate(context, certificate) == 1 else {
                throw refusal(pair.summary.file)
            }
        }
        guard unsafe SSL_CTX_use_PrivateKey(context, key) == 1, unsafe SSL_CTX_check_private_key(context) == 1
        else {
            throw refusal(pair.keyFile)
        }
    }

    /// The purpose `clientAuth` is OpenSSL's own rule for a server (X509_VERIFY_PARAM, ssl_client).
    ///
    /// Only these authorities are trusted, and our own chain is not built of them.
    private func verify(_ clients: ClientAuthorities) throws(CertificateError) {
        guard let store = unsafe X509_STORE_new() else { preconditionFailure("no memory for authorities") }
        defer { unsafe X509_STORE_free(store) }
        for authority in clients.certificates {
            let certificate = unsafe decodeCertificate(authority)
            defer { unsafe X509_free(certificate) }
            let isNamed = clients.certificates.count <= ClientAuthorities.namedMax
            guard unsafe X509_STORE_add_cert(store, certificate) == 1,
                unsafe !isNamed || SSL_CTX_add_client_CA(context, certificate) == 1
            else { throw refusal(clients.file) }
        }
        let name = clients.sessionContext
        guard unsafe belfry_ctx_set_verify_store(context, store) == 1,
            unsafe SSL_CTX_set_session_id_context(context, name, UInt32(name.count)) == 1
        else { throw refusal(clients.file) }
        let demand = clients.isRequired ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | demand, nil)
        unsafe SSL_CTX_set_verify_depth(context, ClientAuthorities.depthMax)
        unsafe belfry_ctx_set_max_certificate_bytes(context, ClientAuthorities.chainBytesMax)
    }

    private func refusal(_ file: String) -> CertificateError {
        .refused(file: file, reason: ErrorQueue.text(of: ErrorQueue.drain()))
    }

    private func decodeCertificate(_ der: [UInt8]) -> OpaquePointer? {
        var certificate = unsafe X509_new_ex(library.context, nil)
        return unsafe der.withUnsafeBufferPointer { bytes in
            var next = bytes.baseAddress
            return unsafe d2i_X509(&certificate, &next, bytes.count)
        }
    }
}

/// One `OSSL_LIB_CTX`: algorithms and random generator of one loop.
///
/// Sharing one between threads costs 13 % more CPU a handshake, for its locks (measured).
@safe final class TLSLibrary {
    let context: OpaquePointer

    init() {
        guard let context = unsafe OSSL_LIB_CTX_new() else {
            preconditionFailure("no memory for OSSL_LIB_CTX")
        }
        unsafe self.context = unsafe context
    }

    deinit { unsafe OSSL_LIB_CTX_free(context) }
}
