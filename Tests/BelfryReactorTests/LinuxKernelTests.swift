import BelfryBytes
import BelfryReactor
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Linux kernel")
struct LinuxKernelTests {
    private static let past = Instant(nanoseconds: 0)
    private let kernel: LinuxKernel

    init() throws { kernel = try LinuxKernel() }

    private func listen(_ ip: IPAddress = .loopback, reusePort: Bool = false, port: UInt16 = 0) throws
        -> Descriptor
    {
        try kernel.listen(ListenAddress(ip: ip, port: port), backlog: 128, reusePort: reusePort)
    }

    private func accept(_ listener: Descriptor) throws -> (Descriptor, PeerAddress) {
        guard case .accepted(let descriptor, let peer) = kernel.accept(from: listener) else {
            throw MissingValue(reason: "nobody came")
        }
        return (descriptor, peer)
    }

    /// Events of one wait that has something to report, but for wake-ups.
    private func events() -> [KernelEvent] {
        let count = kernel.wait(until: kernel.now() + .seconds(20))
        return (0..<count).map { kernel.event(at: $0) }.filter { $0.token != KernelEvent.wakeToken }
    }

    private func receive(_ descriptor: Descriptor, _ size: Int = 100) -> (count: Int, bytes: [UInt8]) {
        var count = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
            count = unsafe kernel.receive(descriptor, into: UnsafeMutableRawBufferPointer(buffer))
            initialized = max(count, 0)
        }
        return (count, bytes)
    }

    private func send(_ descriptor: Descriptor, _ bytes: [UInt8]) -> Int {
        unsafe bytes.withUnsafeBytes { unsafe kernel.send(descriptor, $0) }
    }

    @Test("bytes go both ways, over IPv4 and IPv6", arguments: [IPAddress.loopback, .ipv6Loopback])
    func roundTrip(ip: IPAddress) throws {
        let listener = try listen(ip)
        let client = try LoopbackClient(port: try kernel.localPort(of: listener), ipv6: !ip.isIPv4)
        let (descriptor, peer) = try accept(listener)
        #expect(peer.ip == ip)
        #expect(peer.port != 0)
        try kernel.register(descriptor, token: 42, interest: .stream)
        client.send([1, 2, 3])
        var bytes: [UInt8] = []
        while bytes.count < 3 {
            for event in events() where event.readiness.contains(.readable) {
                #expect(event.token == 42)
                bytes += receive(descriptor).bytes
            }
        }
        #expect(bytes == [1, 2, 3])
        #expect(send(descriptor, [4, 5]) == 2)
        #expect(client.receive(2) == [4, 5])
        kernel.close(descriptor)
        #expect(client.end() == 0)
        kernel.close(listener)
    }

    @Test func `an empty listener and an empty socket would block, and never do`() throws {
        let listener = try listen()
        #expect(kernel.accept(from: listener) == .wouldBlock)
        let client = try LoopbackClient(port: try kernel.localPort(of: listener))
        let (descriptor, _) = try accept(listener)
        #expect(receive(descriptor).count == KernelCode.wouldBlock)
        #expect(kernel.accept(from: listener) == .wouldBlock)
        kernel.close(descriptor)
        kernel.close(listener)
        client.close()
    }

    @Test func `accepted sockets are non-blocking, close-on-exec and without delay`() throws {
        let listener = try listen()
        let client = try LoopbackClient(port: try kernel.localPort(of: listener))
        let (descriptor, _) = try accept(listener)
        for socket in [listener, descriptor] {
            #expect(fcntl(socket.rawValue, F_GETFL) & O_NONBLOCK != 0)
            #expect(fcntl(socket.rawValue, F_GETFD) & FD_CLOEXEC != 0)
        }
        var noDelay: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe getsockopt(descriptor.rawValue, Int32(IPPROTO_TCP), TCP_NODELAY, &noDelay, &size)
        #expect(noDelay != 0, "inherited from the listener")
        try kernel.setNoDelay(descriptor)
        kernel.close(descriptor)
        kernel.close(listener)
        client.close()
    }

    @Test func `edges are reported once, and again for new bytes`() throws {
        let listener = try listen()
        let client = try LoopbackClient(port: try kernel.localPort(of: listener))
        let (descriptor, _) = try accept(listener)
        try kernel.register(descriptor, token: 7, interest: .stream)
        client.send([1])
        while !events().contains(where: { $0.readiness.contains(.readable) }) {}
        #expect(kernel.wait(until: Self.past) == 0, "nothing new: no report, although a byte waits")
        client.send([2])
        #expect(events().map(\.token) == [7])
        #expect(receive(descriptor).bytes == [1, 2])
        kernel.close(descriptor)
        kernel.close(listener)
    }

    @Test func `a listener is reported until its queue is empty`() throws {
        let listener = try listen()
        try kernel.register(listener, token: 3, interest: .listener)
        let port = try kernel.localPort(of: listener)
        let clients = try [LoopbackClient(port: port), LoopbackClient(port: port)]
        for _ in 0..<2 {
            #expect(events().map(\.token) == [3])
            kernel.close(try accept(listener).0)
        }
        #expect(kernel.wait(until: Self.past) == 0)
        try kernel.remove(listener)
        let late = try LoopbackClient(port: port)
        #expect(kernel.wait(until: Self.past) == 0, "a removed listener is silent")
        try kernel.register(listener, token: 3, interest: .listener)
        #expect(events().map(\.token) == [3], "and speaks when it is watched again")
        kernel.close(listener)
        withExtendedLifetime((clients, late)) {}
    }

    @Test func `the peer's end is announced with its last bytes`() throws {
        let listener = try listen()
        let client = try LoopbackClient(port: try kernel.localPort(of: listener))
        let (descriptor, _) = try accept(listener)
        client.send([1])
        client.shutdownWrite()
        try kernel.register(descriptor, token: 7, interest: .stream)
        var readiness = Readiness()
        while !readiness.contains(.halfClosed) {
            for event in events() { readiness.formUnion(event.readiness) }
        }
        #expect(receive(descriptor).bytes == [1])
        #expect(receive(descriptor).count == 0, "the end stood behind the bytes")
        #expect(send(descriptor, [5]) == 1, "our direction is still open")
        kernel.shutdownWrite(descriptor)
        #expect(client.receive(2) == [5])
        kernel.close(descriptor)
        kernel.close(listener)
    }

    @Test func `a write to a dead peer is a code, not a signal`() throws {
        let listener = try listen()
        let client = try LoopbackClient(port: try kernel.localPort(of: listener))
        let (descriptor, _) = try accept(listener)
        try kernel.register(descriptor, token: 7, interest: .stream)
        client.reset()
        while !events().contains(where: { $0.readiness.contains(.hangup) }) {}
        #expect(receive(descriptor).count == KernelCode.connectionReset)
        #expect(send(descriptor, [1]) == KernelCode.brokenPipe)
        kernel.shutdownWrite(descriptor)
        kernel.close(descriptor)
        kernel.close(listener)
    }

    @Test func `a full socket takes a part, then would block, and room is an edge`() throws {
        let listener = try listen()
        let client = try LoopbackClient(port: try kernel.localPort(of: listener))
        let (descriptor, _) = try accept(listener)
        try kernel.register(descriptor, token: 7, interest: .stream)
        let chunk = [UInt8](repeating: 1, count: 1 << 20)
        var total = 0
        while true {
            let count = send(descriptor, chunk)
            if count == KernelCode.wouldBlock { break }
            try #require(count > 0)
            total += count
        }
        while kernel.wait(until: Self.past) > 0 {}
        #expect(client.receive(total).count == total)
        #expect(events().contains { $0.readiness.contains(.writable) })
        kernel.close(descriptor)
        kernel.close(listener)
    }

    @Test func `closing with linger zero resets`() throws {
        let listener = try listen()
        let client = try LoopbackClient(port: try kernel.localPort(of: listener))
        let (descriptor, _) = try accept(listener)
        try kernel.setLingerZero(descriptor)
        kernel.close(descriptor)
        #expect(client.end() == ECONNRESET)
        kernel.close(listener)
    }

    @Test func `a lingering close on a real socket delivers our last words`() throws {
        let listener = try listen()
        let client = try LoopbackClient(port: try kernel.localPort(of: listener))
        let (descriptor, _) = try accept(listener)
        try kernel.register(descriptor, token: 7, interest: .stream)
        client.send([UInt8](repeating: 0, count: 10_000))
        #expect(send(descriptor, [8, 8]) == 2)
        kernel.shutdownWrite(descriptor)
        var close = LingeringClose()
        var scratch = [UInt8](repeating: 0, count: 4_096)
        func discard() -> LingeringClose.Step {
            unsafe scratch.withUnsafeMutableBytes {
                unsafe close.discard(from: descriptor, kernel: kernel, scratch: $0)
            }
        }
        client.shutdownWrite()
        while discard() == .wait { _ = events() }
        kernel.close(descriptor)
        #expect(client.receive(3) == [8, 8])
        #expect(client.end() == 0)
        kernel.close(listener)
    }

    @Test func `two listeners share a port only with reusePort`() throws {
        let first = try listen(reusePort: true)
        let port = try kernel.localPort(of: first)
        let second = try listen(reusePort: true, port: port)
        #expect(throws: SystemError(.listen, code: EADDRINUSE)) { _ = try listen(port: port) }
        kernel.close(first)
        kernel.close(second)
    }

    @Test func `IPv4 and IPv6 listen on one port side by side`() throws {
        let v4 = try listen(IPAddress(ipv4: 0))
        let port = try kernel.localPort(of: v4)
        let v6 = try listen(IPAddress(high: 0, low: 0, isIPv4: false), port: port)
        kernel.close(v4)
        kernel.close(v6)
    }

    @Test func `a listener is adopted from elsewhere, and nothing but a listener`() throws {
        let plain = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #expect(throws: SystemError(.adopt, code: EINVAL)) {
            try kernel.adoptListener(Descriptor(rawValue: plain))
        }
        #expect(Glibc.listen(plain, 1) == 0)
        try kernel.adoptListener(Descriptor(rawValue: plain))
        #expect(fcntl(plain, F_GETFL) & O_NONBLOCK != 0)
        #expect(kernel.accept(from: Descriptor(rawValue: plain)) == .wouldBlock)
        kernel.close(Descriptor(rawValue: plain))
    }

    @Test func `a deadline ends the sleep, not before its time`() {
        let deadline = kernel.now() + .milliseconds(5)
        while kernel.now() < deadline { #expect(kernel.wait(until: deadline) == 0) }
        #expect(kernel.wait(until: Self.past) == 0)
    }

    @Test func `every wake ends a sleep, though the counter is never read`() {
        for _ in 0..<1_000 {
            kernel.waker.wake()
            #expect(kernel.wait(until: nil) == 1)
            #expect(kernel.event(at: 0).token == KernelEvent.wakeToken)
        }
        #expect(kernel.wait(until: Self.past) == 0)
    }

    @Test func `an address that is not ours says why`() throws {
        let foreign = try ListenAddress(parsing: "203.0.113.1:80").orThrow("not an address")
        let error = #expect(throws: SystemError.self) {
            _ = try kernel.listen(foreign, backlog: 1, reusePort: false)
        }
        #expect(error?.code == EADDRNOTAVAIL)
        #expect(error?.description == "listen: Cannot assign requested address")
    }
}
