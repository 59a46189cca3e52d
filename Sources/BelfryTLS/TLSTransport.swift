package import BelfryBytes
internal import COpenSSL

// How bytes travel between the socket and OpenSSL.
//
//   socket ──recv──▶ loop's 64 KiB buffer ──BIO read──▶ SSL          SSL ──BIO write──send──▶ socket
//                         ▲ what a session left over from its last turn, or the hello kept by the gate, goes first
//
// One BIO serves all sessions of a loop: only one of them runs at a time, and each says which descriptor is meant before
// it calls OpenSSL. One recv a turn brings what would take OpenSSL two a record, and since OpenSSL then asks for single
// records, one SSL_read can never swallow a whole buffer of KeyUpdates (with read_ahead it does, whatever the mode).
//
// Always: (1) between two calls of a session nothing of it is left in the loop's buffer. (2) A turn reads at most
// `bytesPerTurn`. (3) After a short read or write the kernel is not asked again in the same call.

/// The part of TLS that all sessions of one loop share.
///
/// Not thread-safe: it lives and dies with its loop.
@safe package final class TLSTransport {
    /// Receives into the buffer: the byte count, 0 at the end of the stream, or `-errno`.
    package typealias Receive = (_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int
    /// Sends from the buffer: the byte count, or `-errno`.
    ///
    /// With `isMoreToCome` the bytes may wait for those of the next call (`MSG_MORE`).
    package typealias Send = (
        _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ isMoreToCome: Bool
    ) -> Int

    /// Most bytes one connection reads from its socket in one turn, so that no peer starves another.
    package static let bytesPerTurn = 65_536

    let wire: UnsafeMutablePointer<Wire>
    let bio: OpaquePointer
    private let method: OpaquePointer

    /// - Parameters:
    ///   - receive: Never blocks; `recv(2)` on Linux, or a simulated kernel.
    ///   - send: Never blocks and raises no `SIGPIPE`.
    package init(
        receive: @escaping Receive = { unsafe belfry_receive($0, $1.baseAddress, $1.count) },
        send: @escaping Send = { unsafe belfry_send($0, $1.baseAddress, $1.count, $2) }
    ) {
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bytesPerTurn, alignment: 64)
        unsafe wire = .allocate(capacity: 1)
        unsafe wire.initialize(to: Wire(receive: receive, send: send, scratch: scratch))
        guard let method = unsafe Self.makeMethod(), let bio = unsafe BIO_new(method) else {
            preconditionFailure("no memory for the loop's BIO")
        }
        unsafe self.method = method
        unsafe self.bio = bio
        unsafe BIO_set_data(bio, wire)
        unsafe BIO_set_init(bio, 1)
    }

    /// A transport over this system's sockets.
    package static func overSockets() -> TLSTransport { unsafe TLSTransport() }

    deinit {
        // Every session holds a reference to its transport, so no SSL can still point to this BIO.
        unsafe BIO_free(bio)
        unsafe BIO_meth_free(method)
        unsafe wire.pointee.scratch.deallocate()
        unsafe wire.deinitialize(count: 1)
        unsafe wire.deallocate()
    }

    /// Opens a connection's turn: call it before the first read or handshake step after each readiness.
    ///
    /// - Parameters:
    ///   - now: The loop's clock, for the KeyUpdate budget.
    ///   - peerHungUp: The kernel reported the end of the stream. Reading then goes on past a short read, which
    ///     edge-triggered readiness would not announce again.
    package func beginTurn(at now: Instant, peerHungUp: Bool = false) {
        unsafe wire.pointee.beginTurn(at: now, peerHungUp: peerHungUp)
    }

    /// Ciphertext received since the loop began, in bytes.
    package var bytesReceived: UInt64 { unsafe wire.pointee.bytesReceived }

    /// Ciphertext sent since the loop began, in bytes.
    package var bytesSent: UInt64 { unsafe wire.pointee.bytesSent }
}

extension TLSTransport {
    /// Sends bytes in clear, once, without waiting: for the answer to a refused hello.
    ///
    /// - Returns: The byte count sent, or `-errno`.
    @discardableResult
    package func sendClear(_ bytes: [UInt8], to descriptor: Int32) -> Int {
        let sent = unsafe bytes.withUnsafeBytes { unsafe wire.pointee.send(descriptor, $0, false) }
        if sent > 0 { unsafe wire.pointee.bytesSent &+= UInt64(sent) }
        return sent
    }

    /// Moves what the socket holds into a gate.
    func receiveHello(into gate: inout ClientHelloGate, from descriptor: Int32) -> HelloStep {
        let free = unsafe UnsafeMutableRawBufferPointer(rebasing: wire.pointee.scratch[0..<gate.room])
        unsafe wire.pointee.enter(descriptor, leftOver: UnsafeRawBufferPointer(start: nil, count: 0))
        let count = unsafe wire.pointee.receiveOnce(into: free)
        if count == 0 { return .closed(TLSFailure(.closed)) }
        if count == -Int(EAGAIN) || count == -Int(EINTR) { return .needsRead }
        if count < 0 { return .closed(TLSFailure(.closed, systemError: Int32(truncatingIfNeeded: -count))) }
        return gate.absorb(unsafe Span(_unsafeBytes: UnsafeRawBufferPointer(rebasing: free[0..<count])))
    }
}

extension ClientHelloGate {
    /// Receives once and says what came.
    ///
    /// The gate holds at most 16 KiB, so one call a turn is enough.
    package mutating func receive(from descriptor: Int32, through transport: TLSTransport) -> HelloStep {
        transport.receiveHello(into: &self, from: descriptor)
    }
}
