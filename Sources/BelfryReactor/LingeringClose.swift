/// The end of a connection whose peer may still be sending.
///
/// Closing a socket with unread input makes Linux send a reset, and a reset makes the peer forget what it has
/// not yet read: our close frame, the reason for it. So: `shutdownWrite`, then discard input until the peer's
/// end, and only then `close`. Bounded by bytes here and by a timer of the caller's (a second or two), so
/// that it cannot be used to hold us.
public struct LingeringClose: Sendable {
    private var bytesLeft: Int

    public enum Step: Equatable, Sendable {
        /// Wait for the next readiness, or the caller's timer.
        case wait
        /// Close now: the peer has ended, failed, or sent more than we care to discard.
        case close
    }

    /// - Parameter byteLimit: Input to discard at most; two receive buffers' worth is what honest peers have
    ///   in flight.
    public init(byteLimit: Int = 256 * 1024) {
        bytesLeft = byteLimit
    }

    /// Discards what has arrived; call once after `shutdownWrite` and at each readiness.
    public mutating func discard<K: Kernel>(
        from descriptor: Descriptor, kernel: K, scratch: UnsafeMutableRawBufferPointer
    ) -> Step {
        while bytesLeft > 0 {
            let count = unsafe kernel.receive(descriptor, into: scratch)
            if count == KernelCode.wouldBlock { return .wait }
            guard count > 0 else { return .close }
            bytesLeft -= count
        }
        return .close
    }

    /// As above, with room of its own.
    public mutating func discard<K: Kernel>(from descriptor: Descriptor, kernel: K) -> Step {
        unsafe withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 16) { scratch in
            unsafe discard(from: descriptor, kernel: kernel, scratch: scratch)
        }
    }
}
