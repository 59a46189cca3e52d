import BelfryBytes
import BelfryTLS

/// A kernel of two byte queues, with the moods of a real one.
final class SimulatedWire {
    var toServer: [UInt8] = []
    var toClient: [UInt8] = []
    /// Most bytes one receive gives, and one send takes.
    var receiveMax = Int.max
    var sendMax = Int.max
    /// Bytes the send buffer still takes.
    var sendRoom = Int.max
    var isEnded = false
    /// Answered to every call once set, as a positive errno.
    var error: Int?
    private(set) var receiveCalls = 0
    private(set) var sendCalls = 0
    /// Sends that nothing was announced to follow.
    private(set) var packets = 0

    func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        receiveCalls += 1
        if let error { return -error }
        if toServer.isEmpty { return isEnded ? 0 : -11 }
        let count = min(toServer.count, buffer.count, receiveMax)
        unsafe buffer.copyBytes(from: toServer[0..<count])
        toServer.removeFirst(count)
        return count
    }

    func send(_ bytes: UnsafeRawBufferPointer, isMoreToCome: Bool) -> Int {
        sendCalls += 1
        if !isMoreToCome { packets += 1 }
        if let error { return -error }
        let count = min(bytes.count, sendRoom, sendMax)
        guard count > 0 else { return -11 }
        if sendRoom != Int.max { sendRoom -= count }
        unsafe toClient += unsafe bytes[0..<count]
        return count
    }
}

/// One loop: transport and contexts, and the wires of its connections by descriptor.
final class TestLoop {
    private final class Wires { var byDescriptor: [Int32: SimulatedWire] = [:] }

    let transport: TLSTransport
    var context: TLSContext
    var now = Instant(nanoseconds: 1)
    private let wires = Wires()

    init(
        _ material: TLSMaterial = TestCertificates.both, _ settings: TLSSettings = TLSSettings(),
        tickets: TicketKeys = TicketKeys()
    ) {
        let wires = self.wires
        transport = unsafe TLSTransport(
            receive: { unsafe wires.byDescriptor[$0]?.receive($1) ?? -9 },
            send: { unsafe wires.byDescriptor[$0]?.send($1, isMoreToCome: $2) ?? -9 })
        context = Self.makeContext(material, settings, tickets)
    }

    static func makeContext(
        _ material: TLSMaterial, _ settings: TLSSettings, _ tickets: TicketKeys, _ previous: TLSContext? = nil
    ) -> TLSContext {
        do {
            return try TLSContext(
                material: material, settings: settings, tickets: tickets, replacing: previous)
        } catch {
            fatalError("the test context: \(error)")
        }
    }

    func connect(_ offer: ClientOffer = ClientOffer()) -> Conversation {
        let descriptor = Int32(wires.byDescriptor.count + 3)
        let wire = SimulatedWire()
        wires.byDescriptor[descriptor] = wire
        return Conversation(self, wire, descriptor, TestClient(offer))
    }
}

/// A client and its server session, passing bytes until nothing moves.
final class Conversation {
    let loop: TestLoop
    let wire: SimulatedWire
    let descriptor: Int32
    let client: TestClient
    var gate = ClientHelloGate()
    var session: TLSSession?
    var hello: ClientHello?

    init(_ loop: TestLoop, _ wire: SimulatedWire, _ descriptor: Int32, _ client: TestClient) {
        self.loop = loop
        self.wire = wire
        self.descriptor = descriptor
        self.client = client
    }

    /// `#expect` cannot look at a noncopyable value.
    var hasSession: Bool { session != nil }

    func beginTurn(peerHungUp: Bool = false) {
        loop.transport.beginTurn(at: loop.now, peerHungUp: peerHungUp)
    }

    /// Passes what the client has to say to the wire.
    func clientSpeaks() { wire.toServer += client.takeOutput() }

    /// Passes what the server said to the client.
    func clientListens() {
        client.feed(wire.toClient)
        wire.toClient = []
    }

    /// Drives the server side of the handshake once, through the gate.
    func serverStep() -> HandshakeStep {
        beginTurn()
        if session == nil {
            switch gate.receive(from: descriptor, through: loop.transport) {
            case .needsRead: return .needsRead
            case .refused(let refusal):
                loop.transport.sendClear(refusal.answer, to: descriptor)
                return .failed(refusal.failure)
            case .closed(let failure): return .failed(failure)
            case .complete(let hello):
                self.hello = hello
                do {
                    session = try TLSSession(
                        context: loop.context, transport: loop.transport, helloBytes: gate.takeBytes(),
                        serverName: hello.serverName)
                } catch {
                    return .failed(error)
                }
            }
        }
        return session?.handshake(on: descriptor) ?? .needsRead
    }

    /// Runs the handshake until the server is done or has failed, or nothing moves for some rounds.
    @discardableResult
    func shakeHands() -> HandshakeStep {
        var last = HandshakeStep.needsRead
        for _ in 0..<20_000 {
            client.handshake()
            clientSpeaks()
            last = serverStep()
            clientListens()
            switch last {
            case .done:
                // A TLS 1.2 server is done with its last words, a TLS 1.3 client before them.
                client.handshake()
                return last
            case .failed: return last
            case .needsRead, .needsWrite, .budgetSpent:
                if wire.toServer.isEmpty, wire.isEnded || wire.error != nil { continue }
            }
        }
        return last
    }

    /// Reads all there is, turn by turn, and says how it ended.
    func read(turns: Int = 1, bufferSize: Int = 65_536) -> (bytes: [UInt8], end: TLSStep) {
        var buffer = [UInt8](repeating: 0, count: bufferSize)
        var bytes: [UInt8] = []
        var last = TLSStep.needsRead
        for _ in 0..<turns {
            beginTurn()
            reading: while true {
                last = session?.read(into: &buffer, from: 0, on: descriptor) ?? .needsRead
                guard case .progressed(let count) = last else { break reading }
                bytes += buffer[0..<count]
            }
            guard case .budgetSpent = last else { break }
        }
        return (bytes, last)
    }

    /// Writes until all is out or something stops it.
    func write(_ bytes: [UInt8]) -> (written: Int, end: TLSStep) {
        var written = 0
        while written < bytes.count {
            let step = session?.write(bytes, from: written, on: descriptor) ?? .needsWrite
            guard case .progressed(let count) = step else { return (written, step) }
            written += count
        }
        return (written, .progressed(byteCount: written))
    }
}

extension HandshakeStep {
    var summary: HandshakeSummary? { if case .done(let summary) = self { summary } else { nil } }
    var failure: TLSFailure? { if case .failed(let failure) = self { failure } else { nil } }
}
