import BelfryBytes
import BelfryReactor
import BelfryTLS

// One thread, one epoll, three phases:
//
//   connecting ── all joined or failed ──▶ publishing ── duration ──▶ draining ──▶ over
//                                                                             └── all came, or 5 s of silence
//
// Always: (1) each room has one publisher, its first living member, because only within one connection does
// an order exist; (2) a message is expected by those who are in its room when it is sent; (3) sockets are
// read level-triggered, a bounded number of records a turn, so that no flood keeps the clock from being
// looked at.

/// Drives the connections of a plan.
package final class BenchRun {
    enum Phase { case connecting, publishing, draining, over }

    /// Most handshakes at a time: a thousand at once would measure the generator's own queue.
    static let openingMax = 64
    /// Nobody got further for this long: the rest has failed.
    static let connectPatience = Duration.seconds(10)
    static let drainPatience = Duration.seconds(5)
    /// A backlog of more than a minute is a result by itself.
    static let drainTimeMax = Duration.seconds(60)
    /// Records a connection reads in a turn.
    static let readsPerTurn = 16

    let plan: BenchPlan
    let kernel: LinuxKernel
    let context: TLSClientContext
    let address: PeerAddress
    let isAddress: Bool
    let run = UInt32.random(in: .min ... .max)

    var report = BenchReport()
    var phase = Phase.connecting
    var connections: [BenchConnection] = []
    var opening = 0
    /// Living members of each room.
    var members: [[Int]]
    var sequences: [UInt64]
    var now: Instant
    /// When the phase began or, while connecting and draining, something last went on.
    var since: Instant
    var drainBegan: Instant
    /// How many messages of the plan had their turn.
    var turns = 0
    private var buffer = [UInt8](repeating: 0, count: 16_384)

    private init(_ plan: BenchPlan) throws(BenchRefusal) {
        try plan.check()
        self.plan = plan
        let literal = IPAddress(parsing: plan.target.host)
        guard let ip = literal ?? IPAddress(resolving: plan.target.host) else { throw .unknownHost }
        isAddress = literal != nil
        address = PeerAddress(ip: ip, port: plan.target.port)
        context = try Self.context(plan.trust)
        kernel = try Self.kernel(connections: plan.connections)
        members = Array(repeating: [], count: plan.rooms)
        sequences = Array(repeating: 0, count: plan.rooms)
        now = kernel.now()
        since = now
        drainBegan = now
    }

    /// Carries out a plan, in its duration and a few seconds more.
    package static func report(on plan: BenchPlan) throws(BenchRefusal) -> BenchReport {
        let bench = try BenchRun(plan)
        while bench.phase != .over { bench.tick() }
        bench.leave()
        return bench.report
    }

    private static func context(_ trust: BenchPlan.Trust) throws(BenchRefusal) -> TLSClientContext {
        do {
            return switch trust {
            case .system: try TLSClientContext()
            case .file(let file): try TLSClientContext(caFile: file)
            case .anybody: try TLSClientContext(verifiesPeer: false)
            }
        } catch { throw .trust(error) }
    }

    private static func kernel(connections: Int) throws(BenchRefusal) -> LinuxKernel {
        do {
            try ProcessSetup.ignoreBrokenPipes()
            let limit = try ProcessSetup.raiseDescriptorLimit().soft
            // A few for the standard streams, epoll and its like.
            guard limit >= UInt64(connections) + 32 else { throw BenchRefusal.descriptors(limit: limit) }
            return try LinuxKernel()
        } catch let error as SystemError {
            throw .system(error)
        } catch let refusal as BenchRefusal {
            throw refusal
        } catch { preconditionFailure("an error of no known type") }
    }

    private func tick() {
        switch phase {
        case .connecting: openConnections()
        case .publishing: publishDue()
        case .draining: finishWhenQuiet()
        case .over: return
        }
        let count = kernel.wait(until: phase == .over ? now : nextLook)
        now = kernel.now()
        for index in 0..<count { ready(kernel.event(at: index)) }
    }

    /// 100 ms is how late a patience may be noticed.
    private var nextLook: Instant {
        let look = now + .milliseconds(100)
        return phase == .publishing ? min(look, due(turns)) : look
    }

    private func ready(_ event: KernelEvent) {
        guard event.token < UInt64(connections.count) else { return }
        let index = Int(event.token)
        let connection = connections[index]
        if connection.stage == .ended { return }
        do {
            try proceed(connection, index)
            try flush(connection, index)
        } catch { end(index, error.reason) }
    }

    private func proceed(_ connection: BenchConnection, _ index: Int) throws(Ending) {
        if connection.stage == .handshaking {
            guard try connection.handshake() else { return }
            connection.stage = .upgrading
            connection.send(Upgrade.request(plan.target))
        }
        for _ in 0..<Self.readsPerTurn {
            let count = try connection.read(into: &buffer)
            if count == 0 { return }
            let wasUpgrading = connection.stage == .upgrading
            try connection.take(buffer[..<count])
            if wasUpgrading, connection.stage == .joining { join(connection, index) }
            while let message = try connection.nextMessage() { try handle(message, connection, index) }
        }
    }

    /// Sends, and watches the socket for room only while there is something to send.
    func flush(_ connection: BenchConnection, _ index: Int) throws(Ending) {
        guard connection.stage != .handshaking else { return }
        try connection.flush()
        guard connection.watchesWrites != connection.hasOutput else { return }
        connection.watchesWrites = connection.hasOutput
        let interest: Interest = connection.hasOutput ? [.readable, .writable] : .readable
        do {
            try kernel.modify(connection.descriptor, token: UInt64(index), interest: interest)
        } catch { throw Ending("\(error)") }
    }
}
