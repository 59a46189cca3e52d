import CLinux

#if canImport(Glibc)
    import Glibc
#endif

/// A thread of our own, which has to be joined or is let go.
///
/// What the closure captures is sent to the thread: touching it afterwards is a compile error, so a loop that
/// was built here provably belongs to its thread alone.
public struct RunningThread: ~Copyable, Sendable {
    private let thread: pthread_t

    /// Starts `body` on a new thread.
    ///
    /// - Parameters:
    ///   - name: Shown by `top -H` and debuggers; Linux keeps its first 15 bytes.
    ///   - body: The thread's whole life.
    /// - Returns: The thread, to be joined.
    /// - Throws: `EAGAIN`, if the process may have no more threads.
    public static func start(
        named name: String, _ body: sending @escaping () -> Void
    ) throws(SystemError) -> RunningThread {
        let start = unsafe Unmanaged.passRetained(ThreadStart(name: name, body: body))
        var thread = pthread_t()
        let result = unsafe pthread_create(&thread, nil, runThread, start.toOpaque())
        guard result == 0 else {
            unsafe start.release()
            throw SystemError(.thread, code: result)
        }
        return RunningThread(thread: thread)
    }

    private init(thread: pthread_t) { self.thread = thread }

    deinit { pthread_detach(thread) }

    /// Waits until the thread has ended.
    public consuming func join() {
        pthread_join(thread, nil)
        discard self
    }
}

private final class ThreadStart {
    let name: String
    let body: () -> Void

    init(name: String, body: @escaping () -> Void) {
        self.name = name
        self.body = body
    }
}

@c private func runThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    let start = unsafe Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue()
    unsafe clinux_name_thread(start.name)
    start.body()
    return nil
}
