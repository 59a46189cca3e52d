extension EventLoop where D: ~Copyable {
    /// Runs the loop on a thread of its own until its delegate wants to stop.
    ///
    /// The loop goes with all it owns: kernel, connections and delegate can no longer be reached from here,
    /// and the compiler checks it. What stays is `Sendable`: mailbox, heartbeat.
    ///
    /// - Parameters:
    ///   - name: The thread's; Linux keeps its first 15 bytes.
    ///   - loop: Ready to run, listeners open.
    ///   - finished: Called on that thread when the loop has ended, with what is left of it.
    /// - Returns: The thread, to be joined.
    /// - Throws: `EAGAIN`, if the process may have no more threads.
    @inlinable public static func start(
        named name: String, _ loop: consuming sending Self,
        finished: sending @escaping (inout Self, LoopExit) -> Void = { _, _ in }
    ) throws(SystemError) -> RunningThread {
        let parcel = Parcel(loop)
        return try RunningThread.start(named: name) {
            guard var loop = parcel.contents.take() else { return }
            let exit = loop.run()
            finished(&loop, exit)
        }
    }
}

/// Carries a noncopyable value into a closure, which may capture only what can be copied.
@usableFromInline final class Parcel<Contents: ~Copyable> {
    @usableFromInline var contents: Contents?

    @inlinable init(_ contents: consuming Contents) { self.contents = consume contents }
}
