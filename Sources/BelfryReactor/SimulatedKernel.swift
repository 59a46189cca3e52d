public import BelfryBytes
import Synchronization

// A kernel for tests: deterministic, single-threaded, with a clock that moves only when everybody waits.
//
// A test connects clients, scripts what they do and when (`after`), sets faults, and runs a whole loop on it.
// The same seed gives the same run; print it when a test fails. It keeps the promises of epoll(7), tcp(7) and
// accept(2) that a server relies on, and none beyond them:
//   - edges: a connection is reported when something changed, with all it is ready for; a listener while
//     clients wait;
//   - numbers: the lowest free descriptor is handed out, so a closed one is reused at once, within one batch;
//   - batches: their order is drawn from the seed, and they are not recalled when a descriptor closes.
//     Deliberately absent: packets, latency, and threads.

/// A simulated world for one loop.
public final class SimulatedKernel: Kernel {
    public let seed: UInt64
    public var faults: SimulatedFaults
    /// Virtual time.
    public private(set) var clock: Instant
    /// Calls of `wait`: what a loop that spins shows.
    public private(set) var waitCount = 0
    /// Calls of `accept`, successful or not.
    public internal(set) var acceptCount = 0
    /// A wait found nothing to wait for: no event, no deadline, no script.
    public private(set) var isStalled = false

    enum Entry {
        case listener(SimulatedListener)
        case socket(SimulatedSocket)
    }

    var random: SplitMix64
    /// Open descriptors, in the order of their numbers.
    var entries: [Int32: Entry] = [:]
    private let simulatedWaker = SimulatedWaker()
    private var batch: [KernelEvent] = []
    private var script: [(time: Instant, action: () -> Void)] = []

    public var waker: any Waker { simulatedWaker }

    /// Makes a world without clients, at virtual time `start`.
    public init(
        seed: UInt64, faults: SimulatedFaults = SimulatedFaults(),
        start: Instant = Instant(nanoseconds: 1_000_000_000)
    ) {
        self.seed = seed
        self.faults = faults
        clock = start
        random = SplitMix64(seed: seed)
    }

    // MARK: The script

    /// Runs `action` when virtual time has advanced by `delay`.
    public func after(_ delay: Duration, _ action: @escaping () -> Void) {
        let time = clock + delay
        let position = script.firstIndex { $0.time > time } ?? script.endIndex
        script.insert((time, action), at: position)
    }

    /// Moves virtual time as a long piece of work would.
    public func advance(by duration: Duration) {
        clock = clock + duration
    }

    /// Descriptors open now.
    public var openDescriptorCount: Int { entries.count }

    // MARK: Kernel

    public func now() -> Instant {
        clock = clock + faults.clockStep
        return clock
    }

    public func wait(until deadline: Instant?) -> Int {
        waitCount += 1
        batch.removeAll(keepingCapacity: true)
        if random.happens(percent: faults.interruptedWaitPercent) { return 0 }
        runScript()
        collect()
        while batch.isEmpty, !simulatedWaker.takeWake(), sleep(until: deadline) {
            runScript()
            collect()
        }
        _ = simulatedWaker.takeWake()  // reported together with the batch
        return batch.count
    }

    public func event(at index: Int) -> KernelEvent { batch[index] }

    /// Moves the clock to the next scripted action, or to the deadline and then returns `false`.
    private func sleep(until deadline: Instant?) -> Bool {
        let next = script.first?.time
        if let next, deadline.map({ next <= $0 }) ?? true {
            clock = max(clock, next)
            return true
        }
        if let deadline { clock = max(clock, deadline) } else { isStalled = true }
        return false
    }

    private func runScript() {
        while let first = script.first, first.time <= clock {
            script.removeFirst()
            first.action()
        }
    }

    private func collect() {
        for (_, entry) in entries.sorted(by: { $0.key < $1.key }) {
            switch entry {
            case .listener(let listener):
                guard listener.isRegistered, !listener.backlog.isEmpty else { continue }
                batch.append(KernelEvent(token: listener.token, readiness: .readable))
            case .socket(let socket):
                collect(socket)
            }
        }
        batch.shuffle(using: &random)
        guard batch.count > faults.eventsPerWait else { return }
        for event in batch[faults.eventsPerWait...] { restore(event) }
        batch.removeLast(batch.count - faults.eventsPerWait)
    }

    private func collect(_ socket: SimulatedSocket) {
        guard socket.isRegistered else { return }
        let isSpurious = random.happens(percent: faults.spuriousEventPercent)
        let isLasting = !socket.interest.contains(.edgeTriggered)
        guard socket.hasEdge || isSpurious || isLasting else { return }
        let readiness = socket.readiness
        guard !readiness.isEmpty || isSpurious else { return }
        socket.hasEdge = false
        batch.append(KernelEvent(token: socket.token, readiness: readiness))
    }

    /// An edge that did not fit into the batch waits for the next.
    private func restore(_ event: KernelEvent) {
        for case .socket(let socket) in entries.values where socket.token == event.token { socket.raise() }
    }
}

/// A waker that only remembers; safe from any thread, though a simulation has but one.
final class SimulatedWaker: Waker {
    private let isAwake = Atomic<Bool>(false)

    func wake() { isAwake.store(true, ordering: .relaxed) }
    func takeWake() -> Bool { isAwake.exchange(false, ordering: .relaxed) }
}
