import CLinux

#if canImport(Glibc)
    import Glibc
#endif

/// A signal that asks the server for something.
public enum ProcessSignal: Equatable, Sendable {
    /// `SIGTERM`: stop in an orderly way.
    case terminate
    /// `SIGINT`: the same, from a terminal.
    case interrupt
    /// `SIGHUP`: read certificates and configuration again.
    case reload
}

/// Receives `SIGTERM`, `SIGINT` and `SIGHUP` as plain values on a thread of its own.
///
/// Threads inherit who blocks a signal: start this on the main thread before any other thread, or a signal
/// may be delivered to one that does not block it and end the process.
public struct SignalWatch: ~Copyable {
    private static let signalToken: UInt64 = 1

    private let thread: RunningThread
    private let stopRequest: Mailbox<Void>

    /// Calls `handler` on the watch's own thread for each signal, until ``stop()``.
    public static func start(
        _ handler: sending @escaping (ProcessSignal) -> Void
    ) throws(SystemError) -> SignalWatch {
        let signals = Descriptor(rawValue: try SystemError.check(clinux_signal_descriptor(), .signals))
        let kernel: LinuxKernel
        do {
            kernel = try LinuxKernel()
            try kernel.register(signals, token: signalToken, interest: .readable)
        } catch {
            _ = clinux_close(signals.rawValue)
            throw error
        }
        let stopRequest = Mailbox<Void>(capacity: 1, waker: kernel.waker)
        let thread = try RunningThread.start(named: "signals") {
            while stopRequest.beginSleep() {
                _ = kernel.wait(until: nil)
                deliver(from: signals, to: handler)
            }
            kernel.close(signals)
        }
        return SignalWatch(thread: thread, stopRequest: stopRequest)
    }

    private init(thread: consuming RunningThread, stopRequest: Mailbox<Void>) {
        self.thread = thread
        self.stopRequest = stopRequest
    }

    private static func deliver(from signals: Descriptor, to handler: (ProcessSignal) -> Void) {
        while true {
            switch clinux_next_signal(signals.rawValue) {
            case SIGTERM: handler(.terminate)
            case SIGINT: handler(.interrupt)
            case SIGHUP: handler(.reload)
            default: return  // none waits
            }
        }
    }

    /// Ends the watch.
    ///
    /// The signals stay blocked.
    public consuming func stop() {
        _ = stopRequest.post(())
        thread.join()
    }
}
