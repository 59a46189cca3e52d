import BelfryBytes
import Glibc

/// A flag that one thread waits for and others raise: a condition variable on the monotonic clock.
///
/// `@unchecked Sendable`: the two pointers are constants, what they point to is only touched through pthread
/// calls, which are made for many threads, and `raised` only between lock and unlock. Both are freed in
/// `deinit`, when no thread holds the object and so none is inside a call.
@safe final class Wakeup: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var raised = false

    init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe condition.initialize(to: pthread_cond_t())
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    func raise() {
        unsafe pthread_mutex_lock(mutex)
        raised = true
        unsafe pthread_cond_signal(condition)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Waits until raised or until `deadline`, and lowers the flag; returns whether it was raised.
    func wait(until deadline: Instant) -> Bool {
        var time = timespec(
            tv_sec: Int(clamping: deadline.nanoseconds / 1_000_000_000),
            tv_nsec: Int(clamping: deadline.nanoseconds % 1_000_000_000))
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while !raised {
            guard unsafe pthread_cond_timedwait(condition, mutex, &time) == 0 else { break }
        }
        defer { raised = false }
        return raised
    }
}
