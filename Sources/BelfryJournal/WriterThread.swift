import CSystemd
import Glibc

/// Starts the threads that may block in the journal.
enum WriterThread {
    private final class Body {
        let name: String
        let run: @Sendable () -> Void
        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// Runs `body` on a detached thread.
    ///
    /// - `name`: at most 15 bytes, for ps and gdb.
    ///
    /// Returns errno when there is no thread to be had.
    static func start(named name: String = "belfry-journal", _ body: @escaping @Sendable () -> Void) -> Int32?
    {
        let owned = unsafe Unmanaged.passRetained(Body(name: name, run: body))
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                // Balances the retain above; the body keeps what it captured for as long as it runs.
                let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                WriterThread.prepare(body.name)
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
    private static func prepare(_ name: String) {
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, nil)
        unsafe belfry_name_thread(name)
    }

    /// The kernel's id of the calling thread.
    static var currentID: Int32 { belfry_thread_id() }
}
