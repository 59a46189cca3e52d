import COpenSSL

/// What a client offers.
struct ClientOffer: Sendable {
    var minVersion = TLS1_2_VERSION
    var maxVersion = TLS1_3_VERSION
    /// TLS 1.2 suites, by OpenSSL's names.
    var ciphers: String?
    /// TLS 1.3 suites.
    var suites: String?
    var groups: String?
    var signatures: String?
    var protocols: [String] = ["http/1.1"]
    var serverName: String? = "localhost"
    /// `nil` trusts everybody.
    var trustedFile: String?
    /// PEM files of the client's own certificate.
    var certificate: CertificateFiles?
    var session: ClientSession?
    var options: UInt64 = 0
}

/// A certificate (with its chain) and its key.
struct CertificateFiles: Sendable {
    var chain: String
    var key: String
}

/// A session to resume. Owns one `SSL_SESSION *`.
// Sendable by proof: its reference count is atomic, and each test keeps its sessions to itself.
@safe final class ClientSession: @unchecked Sendable {
    let session: OpaquePointer
    init(adopting session: OpaquePointer) { unsafe self.session = session }
    deinit { unsafe SSL_SESSION_free(session) }
}

/// OpenSSL as a client over memory: bytes in, bytes out, no socket.
@safe final class TestClient {
    let ssl: OpaquePointer
    private let context: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    /// `CLIENT_TRAFFIC_SECRET_0`, once there is one.
    fileprivate(set) var trafficSecret: [UInt8] = []

    init(_ offer: ClientOffer = ClientOffer()) {
        unsafe context = SSL_CTX_new(TLS_client_method())
        unsafe belfry_ctx_set_min_version(context, offer.minVersion)
        unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(offer.maxVersion), nil)
        // TLS 1.1 exists at level 0 only; nobody else minds.
        if offer.minVersion < TLS1_2_VERSION { unsafe SSL_CTX_set_security_level(context, 0) }
        if let ciphers = offer.ciphers { unsafe precondition(SSL_CTX_set_cipher_list(context, ciphers) == 1) }
        if let suites = offer.suites { unsafe precondition(SSL_CTX_set_ciphersuites(context, suites) == 1) }
        if let groups = offer.groups { unsafe precondition(belfry_ctx_set_groups(context, groups) == 1) }
        unsafe SSL_CTX_set_options(context, offer.options)
        if let file = offer.trustedFile {
            unsafe precondition(SSL_CTX_load_verify_locations(context, file, nil) == 1)
            unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        }
        if let own = offer.certificate {
            unsafe precondition(SSL_CTX_use_certificate_chain_file(context, own.chain) == 1)
            unsafe precondition(SSL_CTX_use_PrivateKey_file(context, own.key, SSL_FILETYPE_PEM) == 1)
        }
        unsafe ssl = SSL_new(context)
        unsafe incoming = BIO_new(BIO_s_mem())
        unsafe outgoing = BIO_new(BIO_s_mem())
        unsafe SSL_set_bio(ssl, incoming, outgoing)
        unsafe SSL_set_connect_state(ssl)
        unsafe SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
        unsafe SSL_CTX_set_keylog_callback(context) { ssl, line in
            guard let pointer = unsafe SSL_get_ex_data(ssl, 0), let line = unsafe line else { return }
            let words = unsafe String(cString: line).split(separator: " ")
            guard words.count == 3, words[0] == "CLIENT_TRAFFIC_SECRET_0" else { return }
            let hex = Array(words[2])
            unsafe Unmanaged<TestClient>.fromOpaque(pointer).takeUnretainedValue().trafficSecret =
                stride(from: 0, to: hex.count, by: 2).compactMap {
                    UInt8(String(hex[$0...($0 + 1)]), radix: 16)
                }
        }
        if let name = offer.serverName {
            unsafe name.withCString {
                _ = unsafe SSL_ctrl(
                    ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name),
                    UnsafeMutableRawPointer(mutating: $0))
            }
        }
        if let list = offer.signatures {
            unsafe list.withCString {
                _ = unsafe SSL_ctrl(ssl, SSL_CTRL_SET_SIGALGS_LIST, 0, UnsafeMutableRawPointer(mutating: $0))
            }
        }
        let protocols = offer.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !protocols.isEmpty { unsafe SSL_set_alpn_protos(ssl, protocols, UInt32(protocols.count)) }
        if let session = offer.session { unsafe SSL_set_session(ssl, session.session) }
    }

    deinit {
        // A connection freed without a goodbye spoils its session for resumption.
        unsafe SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        unsafe SSL_free(ssl)
        unsafe SSL_CTX_free(context)
    }

    /// `true` when done.
    @discardableResult
    func handshake() -> Bool {
        defer { ERR_clear_error() }
        return unsafe SSL_do_handshake(ssl) == 1
    }

    func send(_ bytes: [UInt8]) {
        defer { ERR_clear_error() }
        unsafe precondition(SSL_write(ssl, bytes, CInt(bytes.count)) == CInt(bytes.count))
    }

    /// All plaintext there is.
    func receive() -> [UInt8] {
        defer { ERR_clear_error() }
        var plaintext: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe SSL_read(ssl, &buffer, CInt(buffer.count))
            guard count > 0 else { return plaintext }
            plaintext += buffer[0..<Int(count)]
        }
    }

    func sayGoodbye() {
        defer { ERR_clear_error() }
        unsafe SSL_shutdown(ssl)
    }

    /// The server has said `close_notify`.
    var heardGoodbye: Bool { unsafe SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 }

    func updateKey(askingForReply: Bool) {
        defer { ERR_clear_error() }
        unsafe SSL_key_update(ssl, askingForReply ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED)
        unsafe SSL_do_handshake(ssl)
    }

    func renegotiate() {
        defer { ERR_clear_error() }
        unsafe SSL_renegotiate(ssl)
        unsafe SSL_do_handshake(ssl)
    }

    var session: ClientSession? { unsafe SSL_get1_session(ssl).map { unsafe ClientSession(adopting: $0) } }

    var holdsTicket: Bool { unsafe SSL_SESSION_is_resumable(SSL_get_session(ssl)) == 1 }

    var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

    var version: CInt { unsafe SSL_version(ssl) }

    /// Ciphertext for the server.
    func takeOutput() -> [UInt8] {
        var output = [UInt8](repeating: 0, count: unsafe BIO_ctrl_pending(outgoing))
        guard !output.isEmpty else { return [] }
        unsafe BIO_read(outgoing, &output, CInt(output.count))
        return output
    }

    /// Ciphertext from the server.
    func feed(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        unsafe BIO_write(incoming, bytes, CInt(bytes.count))
    }
}
