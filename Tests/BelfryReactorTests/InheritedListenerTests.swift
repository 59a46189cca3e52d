import BelfryBytes
import BelfryReactor
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Loops on a socket that somebody else holds, as systemd does.
@Suite("Inherited listeners")
struct InheritedListenerTests {
    /// The other holder: a listening socket on any free port, of IPv6 and IPv4 together or of IPv4.
    private func listening(_ family: Int32 = AF_INET, backlog: Int32 = 77) -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var both: Int32 = 0
        if family == AF_INET6 {
            _ = unsafe setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &both, 4)
        }
        // Unbound, the kernel chooses a port.
        #expect(Glibc.listen(descriptor, backlog) == 0)
        return descriptor
    }

    private final class Accepted: Sendable {
        let counts = Mutex<[UInt64]>([])
    }

    private struct Running: ~Copyable {
        let mailbox: Mailbox<EchoMessage>
        let heartbeat: LoopHeartbeat
        let thread: RunningThread

        consuming func stop() {
            _ = mailbox.post(.stop)
            thread.join()
        }
    }

    /// Starts a loop on the socket; its mailbox stops it, and then it says how many it has accepted.
    private func start(
        on socket: InheritedListener, _ accepted: Accepted
    ) throws -> Running {
        let kernel = try LinuxKernel()
        let mailbox = Mailbox<EchoMessage>(capacity: 100, waker: kernel.waker)
        let heartbeat = LoopHeartbeat()
        var loop = EventLoop(
            kernel: kernel, mailbox: mailbox, heartbeat: heartbeat, delegate: EchoWorker<LinuxKernel>())
        try loop.reactor.adopt(listener: try socket.duplicate())
        let thread = try EventLoop.start(named: "loop-under-test", loop) { loop, _ in
            let count = loop.delegate.counters.accepted
            accepted.counts.withLock { $0.append(count) }
        }
        return Running(mailbox: mailbox, heartbeat: heartbeat, thread: thread)
    }

    private func echo(_ client: LoopbackClient, _ byte: UInt8) -> Bool {
        client.send([byte])
        return client.receive(1) == [byte]
    }

    /// An idle loop ticks once a second.
    private func wait(for count: UInt64, ticksOf heartbeat: LoopHeartbeat) {
        let target = heartbeat.ticks + count
        let deadline = ContinuousClock.now + .seconds(20)
        while heartbeat.ticks < target, ContinuousClock.now < deadline { usleep(1_000) }
        #expect(heartbeat.ticks >= target)
    }

    @Test func `a socket tells its address and how many may wait`() throws {
        let descriptor = listening()
        let socket = try InheritedListener(descriptor)
        #expect(socket.address.ip == IPAddress(ipv4: 0) && socket.address.port != 0)
        #expect(socket.backlog == 77)
        close(descriptor)
    }

    @Test func `nothing but a listening TCP socket is taken`() {
        let plain = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #expect(throws: SystemError(.adopt, code: EINVAL)) { _ = try InheritedListener(plain) }
        close(plain)
        let local = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var family = sa_family_t(AF_UNIX)
        let bound = unsafe withUnsafeMutableBytes(of: &family) {
            unsafe bind(local, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
        #expect(bound == 0 && Glibc.listen(local, 1) == 0)
        #expect(throws: SystemError(.adopt, code: EAFNOSUPPORT)) { _ = try InheritedListener(local) }
        close(local)
    }

    @Test func `two loops on one socket both get their share of newcomers`() throws {
        let descriptor = listening(backlog: 1_000)
        let socket = try InheritedListener(descriptor)
        let accepted = Accepted()
        let first = try start(on: socket, accepted)
        let second = try start(on: socket, accepted)
        // One after the other and none of them leaves, so that the loop whose turn it is sleeps when one comes.
        var clients: [LoopbackClient] = []
        for number in 0..<200 {
            let client = try LoopbackClient(port: socket.address.port)
            #expect(echo(client, UInt8(number)))
            clients.append(client)
        }
        // A loop ends when its last client has left.
        clients = []
        first.stop()
        second.stop()
        let counts = accepted.counts.withLock { $0 }
        #expect(counts.reduce(0, +) == 200)
        // Half each on an idle machine. On a busy one a loop may be awake still when its turn comes, and misses it; the
        // loop that has watched longest would get 199 of 200 without turns.
        #expect(counts.allSatisfy { $0 >= 20 }, "\(counts)")
        close(descriptor)
    }

    @Test func `who stops leaves the queue to the next, and sleeps while it grows`() throws {
        let descriptor = listening(backlog: 1_000)
        let socket = try InheritedListener(descriptor)
        let accepted = Accepted()
        let old = try start(on: socket, accepted)
        #expect(echo(try LoopbackClient(port: socket.address.port), 1))
        _ = old.mailbox.post(.stopListening)
        // The end of the second tick from now is after the end of the one that closes its descriptor.
        wait(for: 2, ticksOf: old.heartbeat)
        let waiting = try (0..<50).map { _ in try LoopbackClient(port: socket.address.port) }
        let began = ContinuousClock.now
        wait(for: 3, ticksOf: old.heartbeat)
        #expect(ContinuousClock.now - began > .seconds(1), "it spins over a listener that it has closed")

        let new = try start(on: socket, accepted)
        for (number, client) in waiting.enumerated() { #expect(echo(client, UInt8(number))) }
        old.stop()
        new.stop()
        #expect(accepted.counts.withLock { $0 }.sorted() == [1, 50])
        close(descriptor)
    }

    @Test func `an IPv4 client of a socket for both families is an IPv4 client`() throws {
        let kernel = try LinuxKernel()
        let descriptor = listening(AF_INET6)
        let socket = try InheritedListener(descriptor)
        #expect(!socket.address.ip.isIPv4)
        try kernel.adoptListener(socket.descriptor)
        let client = try LoopbackClient(port: socket.address.port)
        guard case .accepted(let connection, let peer) = kernel.accept(from: socket.descriptor) else {
            Issue.record("nobody came")
            return
        }
        #expect(peer.ip == .loopback && peer.ip.isIPv4)
        kernel.close(connection)
        withExtendedLifetime(client) {}
        close(descriptor)
    }
}
