import BelfryBytes
import BelfryReactor
import Testing

/// What others have bled for: each trap of an own reactor, as a rule that holds.
@Suite("Traps of a reactor")
struct ReactorTrapTests {
    // MARK: Descriptors

    @Test(
        "an event for a descriptor closed and reused in the same batch is dropped",
        arguments: 1...8 as ClosedRange<UInt64>)
    func reuseWithinBatch(seed: UInt64) throws {
        var world = try Simulation(seed: seed)
        let clients = try [world.connect(), world.connect()]
        world.tick(2)
        let late = try world.connect()
        var replaced: SlotID?
        // The first of the two to be served closes the other, and a newcomer takes over its number and its
        // slot.
        world.loop.delegate.onReady = { worker, slot, reactor in
            let other: UInt32 = slot.index == 0 ? 1 : 0
            guard replaced == nil, let victim = worker.connections.live(from: other) else { return }
            let number = worker.connections[victim].descriptor
            worker.close(victim, &reactor)
            guard
                case .accepted(let descriptor, let peer) = reactor.kernel.accept(
                    from: Descriptor(rawValue: 3))
            else { return }
            #expect(descriptor == number, "the simulation must reuse the number")
            worker.accepted(descriptor, from: peer, listener: 0, reactor: &reactor)
            replaced = victim
        }
        world.loop.delegate.turns = []
        for client in clients { client.send([1]) }
        world.tick()
        let victim = try replaced.orThrow("nothing was replaced")
        let heir = world.loop.delegate.connections.live(from: victim.index)
        #expect(heir?.index == victim.index)
        #expect(heir != victim)
        #expect(
            world.loop.delegate.turns.count == 1,
            "seed \(seed): the heir was served by its predecessor's event")
        #expect(world.loop.delegate.counters.staleEvents == 1)
        late.send([9])
        world.tick(2)
        #expect(late.received == [9])
    }

    @Test func `a turn asked for by a closed connection is not given to its successor`() throws {
        var world = try Simulation()
        let first = try world.connect()
        world.tick(2)
        let old = try world.loop.delegate.connections.live(from: 0).orThrow("not accepted")
        world.loop.reactor.runAgain(old)
        first.reset()
        let second = try world.connect()
        world.tick(3)
        #expect(world.loop.delegate.connections.count == 1)
        second.send([5])
        world.tick()
        #expect(second.received == [5])
    }

    @Test func `a descriptor is closed once; a second close stops the program (EBADF is our bug)`() async {
        await #expect(processExitsWith: .failure) {
            let kernel = try LinuxKernel()
            let listener = try kernel.listen(
                ListenAddress(ip: .loopback, port: 0), backlog: 1, reusePort: false)
            kernel.close(listener)
            kernel.close(listener)
        }
    }

    @Test func `a read of a closed descriptor stops the program`() async {
        await #expect(processExitsWith: .failure) {
            let kernel = try LinuxKernel()
            let listener = try kernel.listen(
                ListenAddress(ip: .loopback, port: 0), backlog: 1, reusePort: false)
            kernel.close(listener)
            var byte: UInt8 = 0
            _ = unsafe withUnsafeMutableBytes(of: &byte) { unsafe kernel.receive(listener, into: $0) }
        }
    }

    // MARK: Accepting

    @Test func `without descriptors the loop pauses, serves the others, does not spin, and recovers`() throws
    {
        var faults = SimulatedFaults()
        faults.descriptorLimit = 4  // the listener and three connections
        var world = try Simulation(faults: faults)
        let clients = try (0..<10).map { _ in try world.connect() }
        world.tick(2)
        #expect(world.loop.delegate.connections.count == 3)
        let start = world.kernel.clock
        let (waits, accepts) = (world.kernel.waitCount, world.kernel.acceptCount)
        while world.kernel.clock - start < .seconds(60) {
            let echoed = clients[0].received.count
            clients[0].send([1])
            world.tick()
            #expect(clients[0].received.count == echoed + 1, "existing traffic suffers")
            world.tick()
        }
        #expect(world.kernel.acceptCount - accepts <= 60 * 4 + 1, "four tries a second")
        #expect(world.kernel.waitCount - waits <= 60 * 10, "the loop spins")
        #expect((6...7).contains(world.loop.delegate.notices.count), "one notice per ten seconds")
        world.kernel.faults.descriptorLimit = 100
        let freed = world.kernel.clock
        while world.loop.delegate.connections.count < 10 { world.tick() }
        #expect(world.kernel.clock - freed <= .seconds(1))
        #expect(clients.allSatisfy { $0.state == .open }, "nobody who waited was dropped")
    }

    @Test func `connections aborted in the queue are passed over`() throws {
        var faults = SimulatedFaults()
        faults.abortedAcceptPercent = 50
        var world = try Simulation(seed: 4, faults: faults)
        let clients = try (0..<200).map { _ in try world.connect() }
        world.tick(8)
        let alive = clients.count { $0.state == .open }
        #expect(alive == world.loop.delegate.connections.count)
        #expect(alive > 50 && alive < 150)
        #expect(world.loop.delegate.counters.acceptRetries == UInt64(200 - alive))
    }

    @Test func `a closing listener first accepts what waits in its queue`() throws {
        var world = try Simulation()
        let clients = try (0..<200).map { _ in try world.connect() }
        _ = world.mailbox.post(.stopListening)
        world.tick()
        #expect(world.loop.delegate.connections.count == 200)
        #expect(clients.allSatisfy { $0.state == .open })
        #expect(world.kernel.connect(to: Simulation.port) == nil, "nobody listens any more")
        clients[199].send([3])
        world.tick()
        #expect(clients[199].received == [3])
    }

    @Test func `a listener closed with a queue loses it: what the drain is for`() throws {
        let kernel = SimulatedKernel(seed: 1)
        let address = ListenAddress(ip: .loopback, port: 1)
        let listeners = try [
            kernel.listen(address, backlog: 100, reusePort: true),
            kernel.listen(address, backlog: 100, reusePort: true),
        ]
        let clients = (0..<50).compactMap { _ in kernel.connect(to: 1) }
        kernel.close(listeners[0])
        let lost = clients.count { $0.state == .reset }
        #expect(lost > 0 && lost < 50, "SO_REUSEPORT does not hand a queue to its neighbour")
    }

    @Test func `listeners on one port share the newcomers unevenly, and all of them are served`() throws {
        var world = try Simulation(seed: 3)
        world.loop.reactor.stopListening()
        world.tick()
        for _ in 0..<4 {
            _ = try world.loop.reactor.listen(
                ListenAddress(ip: .loopback, port: Simulation.port), backlog: 100, reusePort: true)
        }
        let clients = try (0..<100).map { _ in try world.connect() }
        for client in clients { client.send([1]) }
        world.tick(6)
        #expect(clients.allSatisfy { $0.received == [1] })
    }

    // MARK: Waking and stopping

    @Test func `a wake-up after the kernel is gone touches nobody's descriptor`() throws {
        let waker: any Waker
        do { waker = try LinuxKernel().waker }
        let probe = try LinuxKernel()
        for _ in 0..<1_000 { waker.wake() }
        #expect(probe.wait(until: Instant(nanoseconds: 0)) == 0, "the wake reached a stranger's eventfd")
    }

    @Test func `whoever posts to a stopped loop learns it`() throws {
        var world = try Simulation()
        _ = world.mailbox.post(.stop)
        _ = world.loop.run()
        #expect(world.mailbox.post(.note(1)) == .closed)
    }

    @Test func `work made by stopping is done`() throws {
        var world = try Simulation()
        world.loop.delegate.onStopping = { _, reactor in reactor.postToSelf(.countdown(20_000)) }
        _ = world.mailbox.post(.stop)
        let exit = world.loop.run()
        #expect(exit.isComplete)
        #expect(world.loop.delegate.notes.count == 20_001)
    }

    @Test func `work that makes work for ever ends after 1,000 rounds`() throws {
        var limits = LoopLimits()
        limits.messagesPerTick = 10
        var world = try Simulation(limits: limits)
        world.loop.delegate.onStopping = { _, reactor in reactor.postToSelf(.countdown(.max)) }
        _ = world.mailbox.post(.stop)
        #expect(world.loop.run() == LoopExit(rounds: 1_000, isComplete: false))
    }

    @Test func `messages that were in the box before the stop are delivered`() throws {
        var world = try Simulation()
        _ = world.mailbox.post(contentsOf: [.stop] + (0..<5_000).map { .note($0) })
        _ = world.loop.run()
        #expect(world.loop.delegate.notes == Array(0..<5_000))
    }

    // MARK: Closing

    @Test func `closing with unread input loses our last words, and a lingering close saves them`() throws {
        for lingers in [false, true] {
            let kernel = SimulatedKernel(seed: 1)
            let listener = try kernel.listen(
                ListenAddress(ip: .loopback, port: 1), backlog: 1, reusePort: false)
            let client = try kernel.connect(to: 1).orThrow("nobody listens")
            guard case .accepted(let descriptor, _) = kernel.accept(from: listener) else {
                throw MissingValue(reason: "nobody came")
            }
            client.window = 0
            client.send([1, 2, 3])
            _ = unsafe [9, 9].withUnsafeBytes { unsafe kernel.send(descriptor, $0) }
            if lingers {
                kernel.shutdownWrite(descriptor)
                var close = LingeringClose()
                var scratch = [UInt8](repeating: 0, count: 100)
                func discard() -> LingeringClose.Step {
                    unsafe scratch.withUnsafeMutableBytes {
                        unsafe close.discard(from: descriptor, kernel: kernel, scratch: $0)
                    }
                }
                #expect(discard() == .wait)
                client.shutdownWrite()
                #expect(discard() == .close)
            }
            kernel.close(descriptor)
            client.window = .max
            #expect(client.state == (lingers ? .ended : .reset))
            #expect(client.received.isEmpty == !lingers)
        }
    }

    @Test(
        "a lingering close discards a bounded amount",
        arguments: [(99, LingeringClose.Step.wait), (100, .close), (101, .close)])
    func lingeringLimit(count: Int, expected: LingeringClose.Step) throws {
        let kernel = SimulatedKernel(seed: 1)
        let listener = try kernel.listen(ListenAddress(ip: .loopback, port: 1), backlog: 1, reusePort: false)
        let client = try kernel.connect(to: 1).orThrow("nobody listens")
        guard case .accepted(let descriptor, _) = kernel.accept(from: listener) else {
            throw MissingValue(reason: "nobody came")
        }
        client.send([UInt8](repeating: 0, count: count))
        var close = LingeringClose(byteLimit: 100)
        var scratch = [UInt8](repeating: 0, count: 7)
        let step = unsafe scratch.withUnsafeMutableBytes {
            unsafe close.discard(from: descriptor, kernel: kernel, scratch: $0)
        }
        #expect(step == expected)
    }

    // MARK: Faults

    @Test func `a reader that stops stalls only itself, and goes on where it stopped`() throws {
        var world = try Simulation()
        let slow = try world.connect()
        let quick = try world.connect()
        slow.window = 0
        world.tick(2)
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        slow.send(bytes)
        quick.send([1])
        world.tick(3)
        #expect(quick.received == [1])
        #expect(slow.received.isEmpty)
        slow.window = .max
        world.tick(20)
        #expect(slow.received == bytes)
    }

    @Test(
        "under every fault at once, every byte comes back once and in order",
        arguments: 1...12 as ClosedRange<UInt64>)
    func allFaults(seed: UInt64) throws {
        var faults = SimulatedFaults()
        faults.shortReadPercent = 30
        faults.shortWritePercent = 30
        faults.wouldBlockPercent = 20
        faults.interruptedWaitPercent = 20
        faults.spuriousEventPercent = 20
        faults.clockStep = .microseconds(3)
        faults.eventsPerWait = 5
        faults.descriptorLimit = 12
        var world = try Simulation(seed: seed, faults: faults)
        world.loop.delegate.readsPerTurn = 2
        world.loop.delegate.readSize = 64
        var random = TestRandom(state: seed)
        var clients: [(client: SimulatedClient, sent: [UInt8])] = []
        for number in 0..<30 {
            let client = try world.connect()
            client.window = number % 3 == 0 ? 100 : .max
            let bytes = (0..<Int.random(in: 1...3_000, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            clients.append((client, bytes))
            let half = bytes.count / 2
            client.send(Array(bytes[..<half]))
            world.kernel.after(.milliseconds(number * 7)) {
                client.send(Array(bytes[half...]))
                client.shutdownWrite()
                client.window = .max
            }
        }
        world.loop.delegate.stopAfterConnections = 30
        var ticks = 0
        while !world.loop.delegate.wantsStop, ticks < 100_000 {
            world.tick()
            ticks += 1
        }
        #expect(ticks < 100_000, "seed \(seed): stuck")
        for (client, sent) in clients {
            #expect(client.received == sent, "seed \(seed)")
            #expect(client.state == .ended, "seed \(seed)")
        }
        #expect(world.kernel.openDescriptorCount == 1, "seed \(seed): a descriptor leaked")
    }

    @Test func `ten thousand resets in the middle of writes leak nothing`() throws {
        var world = try Simulation(seed: 9)
        var random = TestRandom(state: 9)
        for _ in 0..<2_000 {
            let clients = try (0..<5).map { _ in try world.connect() }
            for client in clients {
                client.window = 10
                client.send([UInt8](repeating: 1, count: 100_000))
            }
            world.tick(Int.random(in: 0...3, using: &random))
            for client in clients { client.reset() }
        }
        world.tick(100)
        #expect(world.kernel.openDescriptorCount == 1)
        #expect(world.loop.delegate.connections.count == 0)
    }

    @Test func `the same seed gives the same run`() throws {
        func run(_ seed: UInt64) throws -> [SlotID] {
            var faults = SimulatedFaults()
            faults.shortReadPercent = 40
            faults.spuriousEventPercent = 30
            var world = try Simulation(seed: seed, faults: faults)
            let clients = try (0..<20).map { _ in try world.connect() }
            world.tick()
            for client in clients { client.send([UInt8](repeating: 1, count: 500)) }
            world.tick(30)
            return world.loop.delegate.turns
        }
        #expect(try run(77) == run(77))
        #expect(try run(77) != run(78))
    }
}
