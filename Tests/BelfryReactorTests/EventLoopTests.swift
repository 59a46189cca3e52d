import BelfryBytes
import BelfryReactor
import Testing

/// The order and the budgets of a tick, on a simulated kernel.
@Suite("Event loop")
struct EventLoopTests {
    @Test func `a tick serves open connections, then new ones, then messages, then timers, then flushes`()
        throws
    {
        var world = try Simulation()
        let open = try world.connect()
        world.tick(2)
        open.send([1])
        let new = try world.connect()
        _ = world.mailbox.post(.note(1))
        world.loop.reactor.arm(TimerPayload(target: 0, kind: 0), at: world.loop.reactor.now)
        world.loop.delegate.log = []
        world.tick()
        #expect(world.loop.delegate.log == ["ready", "accepted", "message", "timer", "flush"])
        #expect(new.state == .open)
    }

    @Test func `of one batch the stages are served in their order, and each as the kernel had it`() throws {
        var world = try Simulation()
        let clients = try (0..<6).map { _ in try world.connect() }
        world.tick(2)
        let slots = world.loop.delegate.slots
        // Every other one is a newcomer; a stage beyond the last counts as the last.
        for (place, slot) in slots.enumerated() where place.isMultiple(of: 2) {
            world.loop.delegate.stages[slot] = place == 0 ? 9 : 1
        }
        for client in clients { client.send([1]) }
        world.loop.delegate.turns = []
        world.tick()
        // The kernel's events are there until it waits again.
        let events = (0..<6).map { SlotID(token: world.kernel.event(at: $0).token) }
        let stages = world.loop.delegate.stages
        let expected = [0, 1, 9].flatMap { stage in events.filter { stages[$0] ?? 0 == stage } }
        #expect(Set(expected) == Set(slots))
        #expect(world.loop.delegate.turns == expected)
    }

    @Test func `a connection that an earlier stage has closed gets no turn`() throws {
        var world = try Simulation()
        let clients = try (0..<2).map { _ in try world.connect() }
        world.tick(2)
        let slots = world.loop.delegate.slots
        world.loop.delegate.stages[slots[0]] = 1
        world.loop.delegate.onReady = { worker, slot, reactor in
            if slot == slots[1] { worker.close(slots[0], &reactor) }
        }
        for client in clients { client.send([1]) }
        world.loop.delegate.turns = []
        world.tick()
        #expect(world.loop.delegate.turns == [slots[1]])
        #expect(world.loop.delegate.counters.staleEvents == 1)
    }

    @Test func `an idle loop wakes only for its heartbeat`() throws {
        var world = try Simulation()
        _ = try world.connect()
        world.tick(3)
        let before = world.kernel.waitCount
        let start = world.kernel.clock
        while world.kernel.clock - start < .seconds(60) { world.tick() }
        #expect(world.kernel.waitCount - before <= 60)
        #expect(world.loop.delegate.counters.timersFired == 0)
    }

    @Test func `a loop without any event still beats for its health check`() throws {
        var world = try Simulation()
        #expect(world.loop.heartbeat.lastTick == nil)
        for _ in 0..<10 {
            world.tick()
            let last = try world.loop.heartbeat.lastTick.orThrow("no beat")
            #expect(world.kernel.clock - last == .zero)
        }
        #expect(world.loop.heartbeat.ticks == 10)
    }

    @Test func `a connection that says more gets its next turn without an event and without sleep`() throws {
        var world = try Simulation()
        world.loop.delegate.readsPerTurn = 1
        world.loop.delegate.readSize = 100
        let client = try world.connect()
        world.tick(2)
        client.send([UInt8](repeating: 7, count: 1_000))
        let before = world.kernel.clock
        world.tick(10)
        #expect(client.received.count == 1_000)
        #expect(world.kernel.clock == before, "the loop slept while bytes waited")
    }

    @Test func `one busy connection does not starve another`() throws {
        var world = try Simulation()
        world.loop.delegate.readsPerTurn = 1
        world.loop.delegate.readSize = 10
        let greedy = try world.connect()
        let modest = try world.connect()
        world.tick(2)
        greedy.send([UInt8](repeating: 1, count: 10_000))
        world.tick(5)
        modest.send([2, 3])
        world.tick(1)
        #expect(modest.received == [2, 3])
        #expect(greedy.received.count < 100)
    }

    @Test func `a connection has one turn a tick, though an event and the ready queue both call it`() throws {
        var world = try Simulation()
        world.loop.delegate.readsPerTurn = 1
        world.loop.delegate.readSize = 10
        let client = try world.connect()
        world.tick(2)
        client.send([UInt8](repeating: 1, count: 1_000))
        for _ in 0..<20 {
            world.loop.delegate.turns = []
            client.send([1])  // a fresh edge in every tick
            world.tick()
            #expect(world.loop.delegate.turns.count == 1)
        }
    }

    @Test func `more resumed connections than a tick's budget all get their turn in order`() throws {
        var limits = LoopLimits()
        limits.resumesPerTick = 8
        var world = try Simulation(limits: limits)
        world.loop.delegate.readsPerTurn = 1
        world.loop.delegate.readSize = 1
        let clients = try (0..<20).map { _ in try world.connect() }
        world.tick(2)
        for client in clients { client.send([1, 2]) }
        world.tick(1)  // by events: all say more
        world.loop.delegate.turns = []
        world.tick(3)
        #expect(world.loop.delegate.turns.count == 8 + 8 + 8)
        #expect(
            Set(world.loop.delegate.turns.prefix(20)).count == 20,
            "somebody had two turns before another had one")
        #expect(world.loop.delegate.counters.exhaustedBudgets > 0)
    }

    @Test func `accepting has a budget, and what it leaves is taken in the next tick`() throws {
        var limits = LoopLimits()
        limits.acceptsPerTick = 10
        var world = try Simulation(limits: limits)
        let clients = try (0..<25).map { _ in try world.connect() }
        world.tick()
        #expect(world.loop.delegate.connections.count == 10)
        world.tick(2)
        #expect(world.loop.delegate.connections.count == 25)
        #expect(clients.allSatisfy { $0.state == .open })
    }

    @Test func `messages beyond the budget wait one tick, in order, and the loop does not sleep on them`()
        throws
    {
        var limits = LoopLimits()
        limits.messagesPerTick = 100
        var world = try Simulation(limits: limits)
        world.tick()
        _ = world.mailbox.post(contentsOf: (0..<250).map { .note($0) })
        let before = world.kernel.clock
        world.tick()
        #expect(world.loop.delegate.notes.count == 100)
        world.tick(2)
        #expect(world.loop.delegate.notes == Array(0..<250))
        #expect(world.kernel.clock == before)
    }

    @Test func `what a loop posts to itself while messages are delivered is delivered in the same tick`()
        throws
    {
        var world = try Simulation()
        _ = world.mailbox.post(.countdown(50))
        world.tick()
        #expect(world.loop.delegate.notes == Array((0...50).reversed()))
    }

    @Test func `what is posted when all connections were served is delivered in the same tick`() throws {
        var world = try Simulation()
        world.loop.delegate.onServed = { worker, reactor in
            if worker.counters.ticks == 0 { reactor.postToSelf(.note(9)) }
        }
        world.tick()
        #expect(world.loop.delegate.notes == [9])
    }

    @Test func `a loop that posts to itself without end stays within its budget`() throws {
        var limits = LoopLimits()
        limits.messagesPerTick = 100
        var world = try Simulation(limits: limits)
        _ = world.mailbox.post(.countdown(.max))
        world.tick(3)
        #expect(world.loop.delegate.notes.count == 300)
    }

    @Test func `a message posted in the flush is not slept on`() throws {
        var world = try Simulation()
        world.loop.delegate.onTick = { worker, reactor in
            if worker.counters.ticks == 0 { reactor.postToSelf(.note(9)) }
        }
        world.tick()
        let before = world.kernel.clock
        world.tick()
        #expect(world.loop.delegate.notes == [9])
        #expect(world.kernel.clock == before)
    }

    @Test func `a timer set before the loop first sleeps ends that sleep`() throws {
        var world = try Simulation()
        let deadline = world.kernel.clock + .milliseconds(50)
        world.loop.reactor.arm(TimerPayload(target: 1, kind: 2), at: deadline)
        world.tick()
        #expect(world.loop.delegate.fired == [TimerPayload(target: 1, kind: 2)])
        #expect(world.kernel.clock >= deadline && world.kernel.clock <= deadline + .milliseconds(10))
    }

    @Test func `a timer that is armed later but due earlier shortens the sleep`() throws {
        var world = try Simulation()
        let start = world.kernel.clock
        world.loop.reactor.arm(TimerPayload(target: 1, kind: 0), at: start + .milliseconds(900))
        world.loop.delegate.onTick = { worker, reactor in
            guard worker.counters.ticks == 0 else { return }
            reactor.arm(TimerPayload(target: 2, kind: 0), at: reactor.now + .milliseconds(20))
        }
        world.kernel.after(.milliseconds(1)) {}
        _ = world.mailbox.post(.note(0))
        while world.loop.delegate.fired.isEmpty { world.tick() }
        #expect(world.loop.delegate.fired.map(\.target) == [2])
        #expect(world.kernel.clock < start + .milliseconds(100))
    }

    @Test func `timers beyond the budget fire in the next tick`() throws {
        var limits = LoopLimits()
        limits.timersPerTick = 10
        var world = try Simulation(limits: limits)
        for target in 0..<25 as Range<UInt64> {
            world.loop.reactor.arm(TimerPayload(target: target, kind: 0), at: world.kernel.clock)
        }
        world.tick(3)
        #expect(world.loop.delegate.fired.map(\.target) == Array(0..<25))
    }

    @Test func `the lag says how late the latest timer fired`() throws {
        var world = try Simulation()
        let kernel = world.kernel
        world.loop.reactor.arm(
            TimerPayload(target: 1, kind: 0), at: world.loop.reactor.now + .milliseconds(100))
        _ = world.mailbox.post(.note(1))
        world.loop.delegate.onTick = { worker, _ in
            if worker.counters.ticks == 0 { kernel.advance(by: .milliseconds(350)) }
        }
        world.tick(2)
        #expect(world.loop.delegate.fired.count == 1)
        #expect(world.loop.delegate.counters.lag == .milliseconds(250))
        world.tick()
        #expect(world.loop.delegate.counters.lag == .zero)
    }

    @Test func `a timer that comes due while connections are served fires in the same tick`() throws {
        var world = try Simulation()
        let kernel = world.kernel
        let client = try world.connect()
        world.tick(2)
        let timer = TimerPayload(target: 1, kind: 0)
        world.loop.reactor.arm(timer, at: world.loop.reactor.now + .milliseconds(100))
        world.loop.delegate.onReady = { _, _, _ in kernel.advance(by: .milliseconds(350)) }
        client.send([1])
        world.tick()
        #expect(world.loop.delegate.fired == [timer])
        #expect(world.loop.delegate.counters.lag == .milliseconds(250))
    }

    @Test func `a wake-up without a message is harmless`() throws {
        var world = try Simulation()
        world.kernel.waker.wake()
        world.tick(2)
        #expect(world.loop.delegate.log == ["flush", "flush"])
    }

    @Test func `the loop runs until its delegate wants to stop`() throws {
        var world = try Simulation()
        let mailbox = world.mailbox
        world.kernel.after(.seconds(5)) { _ = mailbox.post(.stop) }
        world.kernel.after(.seconds(5)) { mailbox.close() }
        let exit = world.loop.run()
        #expect(exit == LoopExit(rounds: 1, isComplete: true))
        #expect(world.kernel.openDescriptorCount == 0)
    }
}
