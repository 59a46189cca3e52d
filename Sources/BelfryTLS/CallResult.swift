internal import COpenSSL

/// What a call of OpenSSL came to, read from its error code and from what the BIO saw meanwhile.
enum CallResult {
    case moved(Int)
    case needsRead
    case needsWrite
    case budgetSpent
    /// A message without data was handled; there may be more.
    case quietMessage
    case peerClosed
    case truncated
    case failed(TLSFailure)

    /// Translates at once, while the error queue and the wire still speak of this call.
    init(of ssl: OpaquePointer, returning returned: CInt, _ wire: UnsafeMutablePointer<Wire>) {
        switch unsafe SSL_get_error(ssl, returned) {
        case SSL_ERROR_WANT_READ: self = unsafe Self.waiting(wire)
        case SSL_ERROR_WANT_WRITE: self = .needsWrite
        case SSL_ERROR_ZERO_RETURN: self = .peerClosed
        case SSL_ERROR_SYSCALL where unsafe wire.pointee.reachedEnd:
            ERR_clear_error()
            self = .truncated
        default: self = unsafe .failed(TLSFailure(of: ssl, wire))
        }
    }

    private static func waiting(_ wire: UnsafeMutablePointer<Wire>) -> CallResult {
        if unsafe wire.pointee.starved { return .needsRead }
        return unsafe wire.pointee.budgetSpent ? .budgetSpent : .quietMessage
    }
}

extension TLSSession {
    /// Makes a call with the left-over ciphertext in front of the socket, and keeps what the call leaves over in turn.
    mutating func lendLeftOver(on descriptor: Int32, _ body: () -> CallResult) -> CallResult {
        let wire = unsafe self.wire
        if leftOver.isEmpty {
            unsafe wire.pointee.enter(descriptor, leftOver: UnsafeRawBufferPointer(start: nil, count: 0))
            unsafe wire.pointee.hostTag = hostTag
            let result = body()
            unsafe keep(wire.pointee.ready)
            return result
        }
        var bytes: [UInt8] = []
        swap(&bytes, &leftOver)
        let (result, rest) = unsafe bytes.withUnsafeBytes { all in
            let front = unsafe UnsafeRawBufferPointer(rebasing: all[leftOverStart...])
            unsafe wire.pointee.enter(descriptor, leftOver: front)
            unsafe wire.pointee.hostTag = hostTag
            let result = body()
            if unsafe wire.pointee.readyIsScratch || wire.pointee.ready.isEmpty {
                unsafe keep(wire.pointee.ready)
                return (result, 0)
            }
            return unsafe (result, wire.pointee.ready.count)
        }
        guard rest > 0 else { return result }
        leftOverStart = bytes.count - rest
        swap(&bytes, &leftOver)
        return result
    }

    /// Rare: a turn ended by a limit, or the first request came together with the last handshake message.
    private mutating func keep(_ rest: UnsafeRawBufferPointer) {
        leftOverStart = 0
        if unsafe !rest.isEmpty { leftOver = unsafe Array(rest) }
    }
}
