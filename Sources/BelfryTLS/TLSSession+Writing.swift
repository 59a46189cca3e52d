internal import COpenSSL

extension TLSSession {
    /// Encrypts and sends one record's worth of `bytes`, at most 16 KiB.
    ///
    /// Call it with the rest until the step is not `.progressed`. After `.needsWrite` the record is made already and waits
    /// inside: the next call must begin with the same bytes, at whatever address, followed by more if you like, and no
    /// `closeNotify` may come between.
    package mutating func write(_ bytes: UnsafeRawBufferPointer, on descriptor: Int32) -> TLSStep {
        guard canWrite, let base = bytes.baseAddress, unsafe !bytes.isEmpty else { return refusedWrite }
        var count = 0
        belfry_clear_errors()
        unsafe wire.pointee.enterWrite(descriptor)
        if owesTicket, !holdsTicketBack { offerTicket() }
        // One record a call: of a longer write OpenSSL would keep its 16 KiB buffer until the last part is out.
        let done = unsafe SSL_write_ex(ssl, base, min(bytes.count, Self.recordBytesMax), &count)
        if done == 1 {
            writeIsPending = false
            return .progressed(byteCount: count)
        }
        return unsafe step(afterWrite: CallResult(of: ssl, returning: done, wire))
    }

    /// As above, from a span.
    package mutating func write(_ bytes: Span<UInt8>, on descriptor: Int32) -> TLSStep {
        unsafe bytes.withUnsafeBytes { unsafe write($0, on: descriptor) }
    }

    /// As above, from the array's part that begins at `offset`, without a copy.
    package mutating func write(_ bytes: borrowing [UInt8], from offset: Int, on descriptor: Int32) -> TLSStep
    {
        let start = min(max(offset, 0), bytes.count)
        return unsafe bytes.withUnsafeBytes { bytes in
            unsafe write(UnsafeRawBufferPointer(rebasing: bytes[start...]), on: descriptor)
        }
    }

    /// Makes the coming write begin with a session ticket (RFC 8446, 4.6.1).
    ///
    /// With the first answer instead of behind the handshake: one packet less, and nothing for who never asks anything.
    private mutating func offerTicket() {
        // Refused while OpenSSL owes the peer a message of its own (a KeyUpdate): the next write tries again.
        guard unsafe SSL_new_session_ticket(ssl) == 1 else { return }
        owesTicket = false
        unsafe wire.pointee.hostTag = hostTag
        unsafe wire.pointee.isMoreToCome = true
    }

    private var canWrite: Bool {
        switch state {
        case .open, .halfClosed: !isGoodbyeSaid
        case .handshaking, .truncated, .failed: false
        }
    }

    /// Nothing to write is nothing moved; a write on a dead session repeats its failure.
    private var refusedWrite: TLSStep {
        switch state {
        case .failed(let failure): .failed(failure)
        case .truncated: .failed(TLSFailure(.closed))
        case .handshaking: .failed(TLSFailure(.internal))
        case .open, .halfClosed: isGoodbyeSaid ? .failed(TLSFailure(.closed)) : .progressed(byteCount: 0)
        }
    }

    private mutating func step(afterWrite result: CallResult) -> TLSStep {
        switch result {
        case .needsWrite:
            writeIsPending = true
            return .needsWrite
        case .moved, .needsRead, .quietMessage: return .needsRead
        case .budgetSpent: return .budgetSpent
        case .peerClosed, .truncated: return .failed(fail(TLSFailure(.closed)))
        case .failed(let failure): return .failed(fail(failure))
        }
    }
}
