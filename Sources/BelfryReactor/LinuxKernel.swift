public import BelfryBytes
import CLinux

#if canImport(Glibc)
    import Glibc
#endif

/// Linux itself: epoll, sockets, the monotonic clock.
///
/// Owns its epoll descriptor and event buffer; connections belong to the loop's delegate.
@safe public final class LinuxKernel: Kernel {
    // 512 events are 6 KB and, at 20 µs a connection, a batch of 10 ms: a longer one would only delay its own
    // tail.
    static let eventsPerWait = 512

    private let epoll: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    private let eventWaker: EventWaker

    public var waker: any Waker { eventWaker }

    public init() throws(SystemError) {
        epoll = try SystemError.check(clinux_epoll_create(), .epoll)
        do {
            eventWaker = try EventWaker()
        } catch {
            _ = clinux_close(epoll)
            throw error
        }
        unsafe events = .allocate(capacity: Self.eventsPerWait)
        // On edges: a wake then needs no read of the counter, which spares a call per wake-up.
        try register(
            eventWaker.descriptor, token: KernelEvent.wakeToken, interest: [.readable, .edgeTriggered])
    }

    deinit {
        _ = clinux_close(epoll)
        unsafe events.deallocate()
    }

    public func now() -> Instant { Instant(nanoseconds: clinux_monotonic_ns()) }
}

// MARK: - Readiness

extension LinuxKernel {
    public func register(
        _ descriptor: Descriptor, token: UInt64, interest: Interest
    ) throws(SystemError) {
        try control(clinux_epoll_add, descriptor, interest.epollBits, token)
    }

    public func modify(_ descriptor: Descriptor, token: UInt64, interest: Interest) throws(SystemError) {
        try control(clinux_epoll_modify, descriptor, interest.epollBits, token)
    }

    public func remove(_ descriptor: Descriptor) throws(SystemError) {
        try control(clinux_epoll_delete, descriptor, 0, 0)
    }

    private func control(
        _ operation: Int32, _ descriptor: Descriptor, _ bits: UInt32, _ token: UInt64
    ) throws(SystemError) {
        let result = clinux_epoll_control(epoll, operation, descriptor.rawValue, bits, token)
        _ = try SystemError.check(result, .register)
    }

    public func wait(until deadline: Instant?) -> Int {
        let timeout = deadline.map { milliseconds(until: $0) } ?? -1
        let count = unsafe clinux_epoll_wait(epoll, events, Int32(Self.eventsPerWait), timeout)
        if count >= 0 { return Int(count) }
        SystemError.stopOnBug(Int(count), .epoll)
        return 0  // EINTR: the tick goes on, and the next one computes its deadline anew
    }

    /// Rounded up: rounding down would spin through the last millisecond.
    private func milliseconds(until deadline: Instant) -> Int32 {
        let left = deadline.nanoseconds.subtractingReportingOverflow(clinux_monotonic_ns())
        if left.overflow { return 0 }
        let whole = left.partialValue / 1_000_000
        return Int32(clamping: left.partialValue % 1_000_000 == 0 ? whole : whole + 1)
    }

    public func event(at index: Int) -> KernelEvent {
        precondition(index >= 0 && index < Self.eventsPerWait)
        let position = Int32(truncatingIfNeeded: index)
        return unsafe KernelEvent(
            token: clinux_event_token(events, position),
            readiness: Readiness(epollBits: clinux_event_bits(events, position)))
    }
}

extension Interest {
    fileprivate var epollBits: UInt32 {
        var bits: UInt32 = 0
        if contains(.readable) { bits |= clinux_epollin }
        if contains(.writable) { bits |= clinux_epollout }
        if contains(.edgeTriggered) { bits |= clinux_epollet | clinux_epollrdhup }
        if contains(.exclusive) { bits |= clinux_epollexclusive }
        return bits
    }
}

extension Readiness {
    fileprivate init(epollBits bits: UInt32) {
        var value: UInt8 = 0
        let failed = bits & (clinux_epollerr | clinux_epollhup) != 0
        let ended = bits & clinux_epollrdhup != 0
        // An error or an end is found by reading, so both count as readable.
        if bits & clinux_epollin != 0 || failed || ended { value |= Readiness.readable.rawValue }
        if bits & clinux_epollout != 0 { value |= Readiness.writable.rawValue }
        if ended { value |= Readiness.halfClosed.rawValue }
        if failed { value |= Readiness.hangup.rawValue }
        self.init(rawValue: value)
    }
}
