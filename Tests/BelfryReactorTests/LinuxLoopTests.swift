import BelfryBytes
import BelfryReactor
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A whole loop on its own thread and on real sockets.
@Suite("Event loop on Linux")
struct LinuxLoopTests {
    /// What a loop leaves behind when it ends.
    struct Result: Sendable {
        var exit: LoopExit
        var counters: LoopCounters
        var notes: [Int]
        var fired: [UInt64]
        var connectionCount: Int
    }

    /// A running loop: its port, its mailbox, and what became of it.
    struct Running: ~Copyable {
        let port: UInt16
        let mailbox: Mailbox<EchoMessage>
        let heartbeat: LoopHeartbeat
        let thread: RunningThread
        let outcome: Outcome

        consuming func stop() throws -> Result {
            _ = mailbox.post(.stop)
            thread.join()
            return try outcome.value.withLock { $0 }.orThrow("the loop left nothing")
        }
    }

    final class Outcome: Sendable {
        let value = Mutex<Result?>(nil)
    }

    private func start(
        limits: LoopLimits = LoopLimits(), timers: [(target: UInt64, delay: Duration)] = []
    ) throws -> Running {
        let kernel = try LinuxKernel()
        let mailbox = Mailbox<EchoMessage>(capacity: 100_000, waker: kernel.waker)
        let heartbeat = LoopHeartbeat()
        var loop = EventLoop(
            kernel: kernel, mailbox: mailbox, heartbeat: heartbeat, limits: limits,
            delegate: EchoWorker<LinuxKernel>())
        let listener = try loop.reactor.listen(
            ListenAddress(ip: .loopback, port: 0), backlog: 1_024, reusePort: true)
        let port = try loop.reactor.kernel.localPort(of: listener)
        for timer in timers {
            loop.reactor.arm(TimerPayload(target: timer.target, kind: 0), at: loop.reactor.now + timer.delay)
        }
        let outcome = Outcome()
        let thread = try EventLoop.start(named: "loop-under-test", loop) { loop, exit in
            let connectionCount = loop.delegate.connections.count
            outcome.value.withLock {
                $0 = Result(
                    exit: exit, counters: loop.delegate.counters, notes: loop.delegate.notes,
                    fired: loop.delegate.fired.map(\.target), connectionCount: connectionCount)
            }
        }
        return Running(port: port, mailbox: mailbox, heartbeat: heartbeat, thread: thread, outcome: outcome)
    }

    @Test func `a hundred clients get their bytes back`() throws {
        let running = try start()
        let clients = try (0..<100).map { _ in try LoopbackClient(port: running.port) }
        for (number, client) in clients.enumerated() {
            client.send([UInt8](repeating: UInt8(number), count: 1_000 + number))
        }
        for (number, client) in clients.enumerated() {
            #expect(
                client.receive(1_000 + number) == [UInt8](repeating: UInt8(number), count: 1_000 + number))
        }
        let result = try running.stop()
        #expect(result.exit.isComplete)
        #expect(result.connectionCount == 0)
        #expect(result.counters.accepted == 100)
        for client in clients { #expect(client.end() == 0, "closed in order") }
    }

    @Test func `eight megabytes, more than all the buffers on the way hold, come back whole`() throws {
        let running = try start()
        let client = try LoopbackClient(port: running.port)
        let bytes = (0..<8_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let sender = try RunningThread.start(named: "sender") { [descriptor = client.descriptor] in
            LoopbackClient.send(bytes, on: descriptor)
        }
        #expect(client.receive(bytes.count) == bytes)
        sender.join()
        _ = try running.stop()
    }

    @Test func `a timer armed before the loop first sleeps fires`() throws {
        let running = try start(timers: [(1, .milliseconds(15)), (2, .milliseconds(1)), (3, .seconds(3_600))])
        let client = try LoopbackClient(port: running.port)
        // Each round trip is a tick; the loop has fired both when its clock has passed them.
        let kernel = try LinuxKernel()
        let end = kernel.now() + .milliseconds(60)
        while kernel.now() < end {
            client.send([1])
            #expect(client.receive(1) == [1])
        }
        #expect(try running.stop().fired == [2, 1])
    }

    @Test func `messages from outside wake a sleeping loop`() throws {
        let running = try start()
        for number in 0..<100 { _ = running.mailbox.post(.note(number)) }
        #expect(try running.stop().notes == Array(0..<100))
    }

    @Test func `resets in the middle of writes leave no descriptor behind, and nobody is killed`() async {
        await #expect(processExitsWith: .success) {
            let running = try LinuxLoopTests().start()
            let first = try LoopbackClient(port: running.port)
            first.send([1])
            #expect(first.receive(1) == [1])
            let before = openSocketCount()
            for _ in 0..<100 {
                let clients = try (0..<20).map { _ in try LoopbackClient(port: running.port) }
                for client in clients { client.send([UInt8](repeating: 1, count: 10_000)) }
                for client in clients { client.reset() }
            }
            // Sockets only: the test's own runtime opens a timer now and then.
            // The loop sees the resets in its own time; each answer of `first` is one more tick.
            var rounds = 0
            while openSocketCount() > before, rounds < 100_000 {
                first.send([1])
                #expect(first.receive(1) == [1])
                rounds += 1
            }
            #expect(openSocketCount() == before)
            #expect(try running.stop().counters.accepted > 1_000)
        }
    }

    @Test
    func `out of descriptors: the loop pauses, serves the others, does not spin, and recovers in a second`()
        async
    {
        await #expect(processExitsWith: .success) {
            let kernel = try LinuxKernel()
            let mailbox = Mailbox<EchoMessage>(capacity: 10, waker: kernel.waker)
            var loop = EventLoop(kernel: kernel, mailbox: mailbox, delegate: EchoWorker<LinuxKernel>())
            let listener = try loop.reactor.listen(
                ListenAddress(ip: .loopback, port: 0), backlog: 128, reusePort: false)
            let port = try kernel.localPort(of: listener)
            let clients = try (0..<20).map { _ in try LoopbackClient(port: port) }
            let highest = (0..<2_048 as Range<Int32>).last { fcntl($0, F_GETFD) >= 0 } ?? 0
            try ProcessSetup.setDescriptorLimit(UInt64(highest) + 4)
            // A descriptor inherited from a test beside this one may be a high one: the numbers below it are taken too.
            var taken: [Int32] = []
            while case let copy = dup(0), copy >= 0 { taken.append(copy) }
            for copy in taken.suffix(3) { close(copy) }
            while loop.delegate.notices.isEmpty { loop.tick() }
            let served = loop.delegate.connections.count
            #expect(served == 3)

            let ticks = loop.delegate.counters.ticks
            let pauses = loop.delegate.counters.acceptPauses
            while loop.delegate.counters.acceptPauses < pauses + 4 { loop.tick() }
            // A try is two ticks: watch again, be refused. The first ones also report the newly accepted as
            // writable.
            #expect(loop.delegate.counters.ticks - ticks <= 12, "the loop spins between its tries")
            #expect(loop.delegate.notices.count == 1)

            clients[0].send([7])
            loop.tick()
            #expect(clients[0].receive(1) == [7], "existing traffic suffers")

            _ = try ProcessSetup.raiseDescriptorLimit()
            let freed = loop.delegate.counters.ticks
            while loop.delegate.connections.count < 20 { loop.tick() }
            #expect(loop.delegate.counters.ticks - freed <= 8, "the next try serves all who waited")
            // Optimised code would let go of them after their last use, and so close their sockets too early.
            withExtendedLifetime(clients) {}
        }
    }

    @Test func `the heartbeat is read from another thread while the loop runs`() throws {
        let running = try start()
        let client = try LoopbackClient(port: running.port)
        client.send([1])
        #expect(client.receive(1) == [1])
        client.send([1])
        #expect(client.receive(1) == [1], "the first tick has ended")
        #expect(running.heartbeat.lastTick != nil)
        _ = try running.stop()
    }
}
