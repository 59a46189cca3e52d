internal import COpenSSL

extension TLSSession {
    /// Decrypts into `buffer` as many records as came and fit.
    ///
    /// Call `beginTurn` of the transport first, once a turn; then read until the step is not `.progressed`.
    ///
    /// - Parameters:
    ///   - buffer: Not empty. Bytes past those progressed may have been overwritten.
    ///   - descriptor: The connection's socket.
    /// - Returns: `.progressed` as long as anything came, then why no more does.
    package mutating func read(into buffer: UnsafeMutableRawBufferPointer, on descriptor: Int32) -> TLSStep {
        if let end = ending { return end }
        let (ssl, wire) = unsafe (self.ssl, self.wire)
        // Found empty in this very turn: OpenSSL would only say so again.
        if unsafe idleTurn == wire.pointee.turn, unsafe descriptor == wire.pointee.descriptor {
            return .needsRead
        }
        var pass = ReadPass()
        let result = lendLeftOver(on: descriptor) { unsafe pass.run(ssl, wire, buffer) }
        if pass.quietMessages > 0, !takeKeyUpdates(pass.quietMessages) {
            return .failed(fail(TLSFailure(.keyUpdateFlood)))
        }
        let step = step(after: result)
        return pass.filled > 0 ? .progressed(byteCount: pass.filled) : step
    }

    /// As above, into the array from `offset` to its end; in place when nobody else holds the array.
    package mutating func read(into buffer: inout [UInt8], from offset: Int, on descriptor: Int32) -> TLSStep
    {
        let start = min(max(offset, 0), buffer.count)
        return unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[start...]), on: descriptor)
        }
    }

    /// As above, into a span.
    package mutating func read(into span: inout MutableSpan<UInt8>, on descriptor: Int32) -> TLSStep {
        unsafe span.withUnsafeMutableBytes { unsafe read(into: $0, on: descriptor) }
    }

    /// The steps that repeat for ever.
    private var ending: TLSStep? {
        switch state {
        case .open: nil
        case .halfClosed: .peerClosed
        case .truncated: .truncated
        case .failed(let failure): .failed(failure)
        case .handshaking: .failed(TLSFailure(.internal))
        }
    }

    private mutating func step(after result: CallResult) -> TLSStep {
        isSocketEmpty = false
        switch result {
        case .moved, .quietMessage, .budgetSpent: return .budgetSpent
        case .needsRead:
            unsafe idleTurn = wire.pointee.turn
            isSocketEmpty = true
            return .needsRead
        case .needsWrite: return .needsWrite
        case .peerClosed:
            state = .halfClosed
            return .peerClosed
        case .truncated:
            state = .truncated
            return .truncated
        case .failed(let failure): return .failed(fail(failure))
        }
    }

    private mutating func takeKeyUpdates(_ count: Int) -> Bool {
        keyUpdateCount &+= UInt32(truncatingIfNeeded: count)
        for _ in 0..<count {
            guard unsafe keyUpdates.take(at: wire.pointee.now) else { return false }
        }
        return true
    }
}

/// One round of SSL_read calls.
private struct ReadPass {
    /// Most messages without data (KeyUpdates) handled in one call: 25 µs each, so under 1 ms.
    private static let quietMessagesMax = 32

    var filled = 0
    var quietMessages = 0

    /// Reads until the buffer is full, the wire is dry, or something happens.
    ///
    /// `.moved` says that the buffer is full.
    mutating func run(
        _ ssl: OpaquePointer, _ wire: UnsafeMutablePointer<Wire>, _ buffer: UnsafeMutableRawBufferPointer
    ) -> CallResult {
        while filled < buffer.count {
            let free = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            var count = 0
            belfry_clear_errors()
            unsafe wire.pointee.beginCall()
            let done = unsafe SSL_read_ex(ssl, free.baseAddress, free.count, &count)
            if done == 1 {
                filled += count
                continue
            }
            let result = unsafe CallResult(of: ssl, returning: done, wire)
            guard case .quietMessage = result else { return result }
            quietMessages += 1
            if quietMessages >= Self.quietMessagesMax { return .budgetSpent }
        }
        return .moved(filled)
    }
}
