public import BelfryBytes

// Everything a loop does to the outside world, as one protocol: Linux in production, a simulation in tests.
//
// Always: (1) nothing blocks but `wait`; (2) one thread owns a kernel, only its `waker` may travel; (3) byte
// counts and errors come as the kernel gives them (`-errno`), because a throw per EAGAIN would cost more than
// the call; (4) EBADF and EFAULT never come back: they are our bug and stop the program.

/// The outside world of one loop.
///
/// Bound to classes: a delegate is handed the kernel by reference, and a simulated kernel is shared with its
/// test.
public protocol Kernel: AnyObject {
    /// The monotonic clock.
    func now() -> Instant

    /// Wakes `wait` from any thread; may outlive the kernel.
    var waker: any Waker { get }

    // MARK: Listeners

    /// Opens a listening socket.
    ///
    /// - Parameters:
    ///   - address: Where to listen; port 0 lets the kernel choose.
    ///   - backlog: Connections the kernel may queue; it cuts this to `net.core.somaxconn`.
    ///   - reusePort: Each loop has a listener of its own on the same port (`SO_REUSEPORT`).
    /// - Returns: The listener, yours to close.
    /// - Throws: What `socket`, `bind` or `listen` said.
    func listen(_ address: ListenAddress, backlog: Int, reusePort: Bool) throws(SystemError) -> Descriptor

    /// Takes over a listening socket that somebody else opened (socket activation); throws if it does not
    /// listen.
    func adoptListener(_ descriptor: Descriptor) throws(SystemError)

    func accept(from listener: Descriptor) -> AcceptResult

    /// The port a socket is bound to.
    func localPort(of descriptor: Descriptor) throws(SystemError) -> UInt16

    // MARK: Readiness

    /// Starts to report `descriptor` under `token`, until it is removed or closed.
    func register(_ descriptor: Descriptor, token: UInt64, interest: Interest) throws(SystemError)
    func modify(_ descriptor: Descriptor, token: UInt64, interest: Interest) throws(SystemError)
    func remove(_ descriptor: Descriptor) throws(SystemError)

    /// Sleeps until something happens or `deadline` has come; `nil` sleeps for ever, a past one not at all.
    ///
    /// - Returns: Events now readable through `event(at:)`, until the next wait. May be 0 for no reason at
    ///   all.
    func wait(until deadline: Instant?) -> Int
    func event(at index: Int) -> KernelEvent

    // MARK: Bytes

    /// - Returns: Bytes received, 0 at the peer's end, or `-errno`. `buffer` must not be empty.
    func receive(_ descriptor: Descriptor, into buffer: UnsafeMutableRawBufferPointer) -> Int
    /// - Returns: Bytes the kernel took, fewer than offered when it is full, or `-errno`; never raises
    ///   `SIGPIPE`.
    func send(_ descriptor: Descriptor, _ bytes: UnsafeRawBufferPointer) -> Int

    /// Sends the end of our bytes; the peer's may still come.
    func shutdownWrite(_ descriptor: Descriptor)
    /// Closes for good. Not repeated on `EINTR`: Linux has freed the number by then, and another thread may
    /// own it.
    func close(_ descriptor: Descriptor)

    func setNoDelay(_ descriptor: Descriptor) throws(SystemError)
    /// The next `close` sends a reset and forgets unsent bytes: for peers that are to be dropped, not served.
    func setLingerZero(_ descriptor: Descriptor) throws(SystemError)
}

/// Wakes one sleeping loop from any thread.
public protocol Waker: AnyObject, Sendable {
    func wake()
}

/// One report of `Kernel.wait`.
@frozen public struct KernelEvent: Hashable, Sendable {
    public let token: UInt64
    public let readiness: Readiness

    @inlinable public init(token: UInt64, readiness: Readiness) {
        self.token = token
        self.readiness = readiness
    }

    /// Reserved by kernels for their own wake-up; a loop passes over it.
    @inlinable public static var wakeToken: UInt64 { 0x0000_0000_FFFF_FFFF }
}

/// What one `accept` brought.
public enum AcceptResult: Equatable, Sendable {
    /// A connection, non-blocking, with `TCP_NODELAY`; ours to close.
    case accepted(Descriptor, PeerAddress)
    case wouldBlock
    /// `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`: the next call would fail too. Pause.
    case exhausted(SystemError)
    /// `ECONNABORTED`, `EINTR`, or a network fault of that one connection (accept(2), "Error handling").
    case retry
}
