import CLinux

/// An eventfd that wakes one loop.
///
/// The descriptor lives as long as anybody may still call ``wake()``. A wake that comes while its loop is
/// closing then writes into an eventfd nobody watches, never into a stranger's socket that got the number.
final class EventWaker: Waker {
    let descriptor: Descriptor

    init() throws(SystemError) {
        descriptor = Descriptor(rawValue: try SystemError.check(clinux_eventfd(), .eventfd))
    }

    deinit { _ = clinux_close(descriptor.rawValue) }

    func wake() {
        // The one refusal, EAGAIN, means 2^64-2 wakes are unread: the edge is there already.
        _ = clinux_eventfd_add(descriptor.rawValue)
    }
}
