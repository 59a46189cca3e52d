import BelfryBytes
import BelfryReactor

/// What tests tell a worker, from anywhere.
enum EchoMessage: Sendable, Equatable {
    case stop
    case note(Int)
    /// Makes the worker post itself a note, which posts the next lower one, down to 0.
    case countdown(Int)
    case stopListening
}

/// A connection of the echo worker.
struct EchoConnection: ~Copyable {
    let descriptor: Descriptor
    let peer: PeerAddress
    var unsent: [UInt8] = []
    var ended = false
}

/// A delegate that echoes on any kernel, and writes down what it was told in which order.
struct EchoWorker<K: Kernel>: LoopDelegate, ~Copyable {
    typealias LoopKernel = K
    typealias Message = EchoMessage
    typealias LoopReactor = Reactor<K, EchoMessage>

    var connections = SlotTable<EchoConnection>(capacity: 4_096)
    var log: [String] = []
    var notes: [Int] = []
    var fired: [TimerPayload] = []
    var notices: [AcceptPauseNotice] = []
    var turns: [SlotID] = []
    /// Of connections that are not at the first.
    var stages: [SlotID: Int] = [:]
    var peers: [PeerAddress] = []
    var echoedByteCount = 0
    var counters = LoopCounters()
    /// Reads a turn may take before it says `.more`.
    var readsPerTurn = 16
    var readSize = 4_096
    /// Runs at each turn, before the connection is served.
    var onReady: ((inout Self, SlotID, inout LoopReactor) -> Void)?
    var onServed: ((inout Self, inout LoopReactor) -> Void)?
    var onTick: ((inout Self, inout LoopReactor) -> Void)?
    var onTimer: ((inout Self, TimerPayload, inout LoopReactor) -> Void)?
    var onStopping: ((inout Self, inout LoopReactor) -> Void)?
    /// Stop once this many connections have come and all are gone again.
    var stopAfterConnections = Int.max
    var wantsStop = false

    mutating func connectionsServed(reactor: inout LoopReactor) {
        if let onServed { onServed(&self, &reactor) }
    }

    func isLive(_ slot: SlotID) -> Bool { connections.contains(slot) }

    func stage(of slot: SlotID) -> Int { stages[slot] ?? 0 }

    /// Of all connections, in the order they came.
    var slots: [SlotID] {
        var slots: [SlotID] = []
        while let slot = connections.live(from: slots.last.map { $0.index + 1 } ?? 0) { slots.append(slot) }
        return slots
    }

    mutating func accepted(
        _ descriptor: Descriptor, from peer: PeerAddress, listener: Int, reactor: inout LoopReactor
    ) {
        log.append("accepted")
        peers.append(peer)
        guard let slot = connections.insert(EchoConnection(descriptor: descriptor, peer: peer)) else {
            return reactor.close(descriptor)
        }
        do { try reactor.register(descriptor, as: slot) } catch { close(slot, &reactor) }
    }

    mutating func ready(_ slot: SlotID, _ readiness: Readiness, reactor: inout LoopReactor) -> Leftover {
        log.append("ready")
        turns.append(slot)
        if let onReady { onReady(&self, slot, &reactor) }
        guard connections.contains(slot) else { return .drained }
        let leftover = echo(slot, &reactor)
        guard connections.contains(slot) else { return .drained }
        if connections[slot].ended && connections[slot].unsent.isEmpty { close(slot, &reactor) }
        return leftover
    }

    /// Reads until `EAGAIN`, the end, or the budget; a stalled write stops the reading, as a server should.
    private mutating func echo(_ slot: SlotID, _ reactor: inout LoopReactor) -> Leftover {
        guard flush(slot, &reactor) else { return .drained }
        for _ in 0..<readsPerTurn {
            let descriptor = connections[slot].descriptor
            let size = readSize
            var count = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
                count = unsafe reactor.kernel.receive(descriptor, into: UnsafeMutableRawBufferPointer(buffer))
                initialized = max(count, 0)
            }
            if count == KernelCode.wouldBlock { return .drained }
            if count < 0 {
                close(slot, &reactor)
                return .drained
            }
            if count == 0 {
                connections[slot].ended = true
                return .drained
            }
            connections[slot].unsent += bytes
            guard flush(slot, &reactor) else { return .drained }
        }
        return .more
    }

    /// Whether everything went out.
    private mutating func flush(_ slot: SlotID, _ reactor: inout LoopReactor) -> Bool {
        while !connections[slot].unsent.isEmpty {
            let descriptor = connections[slot].descriptor
            let count = unsafe connections[slot].unsent.withUnsafeBytes {
                unsafe reactor.kernel.send(descriptor, $0)
            }
            if count == KernelCode.wouldBlock { return false }
            guard count > 0 else {
                close(slot, &reactor)
                return false
            }
            echoedByteCount += count
            connections[slot].unsent.removeFirst(count)
        }
        return true
    }

    mutating func close(_ slot: SlotID, _ reactor: inout LoopReactor) {
        guard let connection = connections.remove(slot) else { return }
        log.append("closed")
        reactor.close(connection.descriptor)
        if peers.count >= stopAfterConnections, connections.count == 0 { wantsStop = true }
    }

    mutating func receive(_ message: EchoMessage, reactor: inout LoopReactor) {
        switch message {
        case .stop: wantsStop = true
        case .note(let number): notes.append(number)
        case .countdown(let number):
            notes.append(number)
            if number > 0 { reactor.postToSelf(.countdown(number - 1)) }
        case .stopListening: reactor.stopListening()
        }
        log.append("message")
    }

    mutating func timerFired(_ payload: TimerPayload, reactor: inout LoopReactor) {
        log.append("timer")
        fired.append(payload)
        if let onTimer { onTimer(&self, payload, &reactor) }
    }

    mutating func endOfTick(reactor: inout LoopReactor) {
        log.append("flush")
        if let onTick { onTick(&self, &reactor) }
    }

    mutating func acceptPaused(_ notice: AcceptPauseNotice) { notices.append(notice) }
    mutating func publish(_ counters: LoopCounters) { self.counters = counters }

    mutating func stopping(reactor: inout LoopReactor) {
        var next: UInt32 = 0
        while let slot = connections.live(from: next) {
            close(slot, &reactor)
            next = slot.index + 1
        }
        if let onStopping { onStopping(&self, &reactor) }
    }
}

/// A simulated world with one loop and one listener on port 8443.
struct Simulation: ~Copyable {
    static let port: UInt16 = 8_443

    let kernel: SimulatedKernel
    let mailbox: Mailbox<EchoMessage>
    var loop: EventLoop<EchoWorker<SimulatedKernel>>

    init(seed: UInt64 = 1, faults: SimulatedFaults = SimulatedFaults(), limits: LoopLimits = LoopLimits())
        throws
    {
        kernel = SimulatedKernel(seed: seed, faults: faults)
        mailbox = Mailbox(capacity: 10_000, waker: kernel.waker)
        loop = EventLoop(
            kernel: kernel, mailbox: mailbox, limits: limits, delegate: EchoWorker<SimulatedKernel>())
        _ = try loop.reactor.listen(
            ListenAddress(ip: .loopback, port: Self.port), backlog: 4_096, reusePort: false)
    }

    func connect() throws -> SimulatedClient {
        try kernel.connect(to: Self.port).orThrow("nobody listens")
    }

    mutating func tick(_ count: Int = 1) {
        for _ in 0..<count { loop.tick() }
    }
}

struct MissingValue: Error { let reason: String }

extension Optional {
    func orThrow(_ reason: String) throws -> Wrapped {
        guard let self else { throw MissingValue(reason: reason) }
        return self
    }
}
