internal import COpenSSL

// One TLS connection, server side.
//
//   handshake ──done──▶ read / write ──▶ closeNotify ──▶ freed
//        └────────────────────┴── failed, truncated ──▶ freed
//
// Always: (1) a failure is final: every later call repeats it. (2) After a failure no close_notify is sent. (3) Nothing
// blocks: each call does what it can and says what it waits for. (4) Reading may want to write and writing to read
// (KeyUpdate, tickets): do what the step says, then make the same call again.
// How records are protected is nobody's business but this module's.

/// One server-side TLS session.
///
/// Owns one `SSL *` and frees it exactly once.
@safe package struct TLSSession: ~Copyable {
    let ssl: OpaquePointer
    let wire: UnsafeMutablePointer<Wire>
    // Kept alive for the SSL: its BIO and the library context are theirs.
    private let transport: TLSTransport
    private let context: TLSContext

    /// Ciphertext received but not yet given to OpenSSL: the hello at first, later what a turn's limits left over.
    var leftOver: [UInt8]
    var leftOverStart = 0
    var state = State.handshaking
    var hostTag: UInt64 = 0
    private var serverName: String?
    /// The turn in which the socket was found empty.
    var idleTurn: UInt64 = 0
    /// All that came has been read, and what comes next brings a readiness of its own.
    package internal(set) var isSocketEmpty = false
    var writeIsPending = false
    var isGoodbyeSaid = false
    /// TLS 1.3: the client has not yet got its ticket.
    var owesTicket = false
    /// Writes go out without the ticket as long as this is set.
    package var holdsTicketBack = false
    var keyUpdates = KeyUpdateBudget()
    /// Post-handshake messages of the peer so far: KeyUpdates, and renegotiations refused.
    package internal(set) var keyUpdateCount: UInt32 = 0

    enum State {
        case handshaking
        case open
        /// The peer has said its goodbye; we may still write.
        case halfClosed
        case truncated
        case failed(TLSFailure)
    }

    /// Begins a session.
    ///
    /// - Parameters:
    ///   - context: Kept until the session is freed.
    ///   - transport: Of the same loop.
    ///   - helloBytes: What the gate collected; replayed before anything is read from the socket.
    ///   - serverName: The host name the gate read: tickets are bound to it.
    /// - Throws: ``TLSFailure/Reason/internal`` when memory is out.
    package init(
        context: TLSContext, transport: TLSTransport, helloBytes: consuming [UInt8] = [],
        serverName: String? = nil
    ) throws(TLSFailure) {
        belfry_clear_errors()
        guard let ssl = unsafe SSL_new(context.context) else {
            throw TLSFailure(.internal, libraryCode: ErrorQueue.drain())
        }
        unsafe self.ssl = unsafe ssl
        unsafe wire = unsafe transport.wire
        self.transport = transport
        self.context = context
        leftOver = helloBytes
        self.serverName = serverName
        if let serverName { hostTag = Self.tag(of: serverName) }
        // SSL_set_bio takes one reference when both directions are the same BIO.
        unsafe BIO_up_ref(transport.bio)
        unsafe SSL_set_bio(ssl, transport.bio, transport.bio)
        unsafe SSL_set_accept_state(ssl)
    }

    deinit { unsafe SSL_free(ssl) }

    /// Plaintext or ciphertext lies ready inside: read again even if the socket is silent.
    package var hasPending: Bool { unsafe !leftOver.isEmpty || SSL_has_pending(ssl) == 1 }

    /// A readiness of the socket was left without a read.
    package mutating func skipReadiness() { isSocketEmpty = false }

    /// Goes on with the handshake.
    ///
    /// Call `beginTurn` of the transport first.
    package mutating func handshake(on descriptor: Int32) -> HandshakeStep {
        if case .failed(let failure) = state { return .failed(failure) }
        let ssl = unsafe self.ssl
        let wire = unsafe self.wire
        let result = lendLeftOver(on: descriptor) {
            belfry_clear_errors()
            unsafe wire.pointee.beginCall()
            let done = unsafe SSL_do_handshake(ssl)
            return unsafe done == 1 ? .moved(0) : CallResult(of: ssl, returning: done, wire)
        }
        switch result {
        case .moved:
            state = .open
            owesTicket = unsafe SSL_version(ssl) == TLS1_3_VERSION
            return .done(summary())
        case .needsRead, .quietMessage: return .needsRead
        case .needsWrite: return .needsWrite
        case .budgetSpent: return .budgetSpent
        case .peerClosed, .truncated: return .failed(fail(TLSFailure(.closed)))
        case .failed(let failure): return .failed(fail(failure))
        }
    }

    /// Says `close_notify`, once; owed on every orderly end (RFC 8446, 6.1), never after a failure.
    ///
    /// While a refused write waits to be repeated the alert has no place: finish that write first, or just close.
    @discardableResult
    package mutating func closeNotify(on descriptor: Int32) -> GoodbyeStep {
        switch state {
        case .open, .halfClosed: break
        case .handshaking, .truncated, .failed: return .notOwed
        }
        if isGoodbyeSaid { return .notOwed }
        if writeIsPending { return .needsWrite }
        belfry_clear_errors()
        unsafe wire.pointee.enterWrite(descriptor)
        let result = unsafe SSL_shutdown(ssl)
        if result >= 0 {
            isGoodbyeSaid = true
            return .sent
        }
        switch unsafe CallResult(of: ssl, returning: result, wire) {
        case .needsWrite: return .needsWrite
        case .failed(let failure): _ = fail(failure)
        default: break
        }
        return .notOwed
    }

    mutating func fail(_ failure: TLSFailure) -> TLSFailure {
        state = .failed(failure)
        return failure
    }

    private mutating func summary() -> HandshakeSummary {
        defer { serverName = nil }
        var name: UnsafePointer<UInt8>?
        var nameCount = UInt32(0)
        unsafe SSL_get0_alpn_selected(ssl, &name, &nameCount)
        return HandshakeSummary(
            version: unsafe SSL_version(ssl) == TLS1_3_VERSION ? .tls1_3 : .tls1_2,
            cipher: TLSCipher(suite: unsafe SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl))),
            group: TLSGroup(nid: unsafe belfry_ssl_negotiated_group(ssl)),
            isResumed: unsafe SSL_session_reused(ssl) == 1, serverName: serverName,
            applicationProtocol: nameCount > 0 ? .http1_1 : nil, clientThumbprint: clientThumbprint)
    }

    /// From the handshake, or from the ticket it was resumed by; `nil` when the client showed no certificate.
    private var clientThumbprint: [UInt8]? {
        guard let certificate = unsafe SSL_get0_peer_certificate(ssl) else { return nil }
        return Digest.sha256(unsafe X509Certificate.der(of: certificate).span)
    }

    /// 64 bits of SHA-256: the tag tells our own host names apart, it keeps no secret.
    private static func tag(of name: String) -> UInt64 {
        Digest.sha256(Array(name.utf8).span).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// What became of a `close_notify`.
package enum GoodbyeStep: Equatable, Sendable {
    case sent
    /// Call again when the socket takes more.
    case needsWrite
    /// Said already, or the session is not in a state for it: just close the socket.
    case notOwed
}

extension TLSGroup {
    init(nid: CInt) {
        self =
            switch nid {
            case NID_X25519: .x25519
            case NID_X9_62_prime256v1: .p256
            case NID_secp384r1: .p384
            default: .other
            }
    }
}
