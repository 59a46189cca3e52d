import CSystemd
import Glibc

/// Starts the one thread that may block in the journal.
enum WriterThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a detached thread.
    ///
    /// Returns errno when there is no thread to be had.
    static func start(_ body: @escaping @Sendable () -> Void) -> Int32? {
        let owned = unsafe Unmanaged.passRetained(Body(run: body))
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                // Balances the retain above; the body keeps what it captured for as long as it runs.
                let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                WriterThread.prepare()
                body.run()
                return nil
            }, unsafe owned.toOpaque())
        guard code == 0 else {
            unsafe owned.release()
            return code
        }
        pthread_detach(thread)
        return nil
    }

    /// Signals are for the threads that wait for them; a blocked SIGPIPE leaves EPIPE to be returned.
    private static func prepare() {
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, nil)
        unsafe belfry_name_thread("belfry-journal")
    }

    /// The kernel's id of the calling thread.
    static var currentID: Int32 { belfry_thread_id() }
}
