import BelfryBytes
import BelfryReactor
import BelfryTLS

// One client of the bench, from TLS to the last delivery.
//
//   handshaking ──▶ upgrading ──▶ joining ──▶ joined ──▶ ended
//
// Always: (1) what waits to be sent is bounded by the caller, who asks `hasRoom` before each message; (2)
// each of the steps answers with a reason when the connection is over, and never goes on after it.

/// A WebSocket client over TLS.
///
/// The socket is closed by the run that owns this.
final class BenchConnection {
    enum Stage { case handshaking, upgrading, joining, joined, ended }

    let descriptor: Descriptor
    let room: Int
    let startedAt: Instant
    var stage = Stage.handshaking
    var checker = SequenceChecker()
    /// Whether the handshake waits for room in the socket, or for the connection itself.
    private(set) var awaitsWriting = true
    /// Whether the kernel was asked to say when the socket takes more.
    var watchesWrites = true
    /// The next command's id; 1 connects and 2 subscribes.
    var nextID: UInt64 = 3

    private var tls: TLSClientSession
    private var head: [UInt8] = []
    private var frames = ServerFrameReader()
    private var output: [UInt8] = []
    private var outputStart = 0

    /// A publisher with this much unsent is too slow to take another message.
    private static let outputBytesMax = 262_144
    /// A server's answer to the upgrade; the relay's own is under 300 bytes.
    private static let headBytesMax = 8_192

    init(descriptor: Descriptor, room: Int, startedAt: Instant, tls: consuming TLSClientSession) {
        self.descriptor = descriptor
        self.room = room
        self.startedAt = startedAt
        self.tls = tls
    }

    var hasOutput: Bool { outputStart < output.count }
    var hasRoom: Bool { output.count - outputStart < Self.outputBytesMax }

    func send(_ bytes: some Sequence<UInt8>) { output += bytes }

    func sendFrame(_ opcode: UInt8, _ payload: some Collection<UInt8>) {
        ClientFrame.append(opcode, payload, mask: .random(in: .min ... .max), to: &output)
    }

    /// Goes on with the handshake.
    func handshake() throws(Ending) -> Bool {
        let step = tls.handshake()
        awaitsWriting = step == .needsWrite
        switch step {
        case .done: return true
        case .needsRead, .needsWrite: return false
        case .closed: throw Ending("closed in the TLS handshake")
        case .failed(let reason): throw Ending("TLS: \(reason)")
        }
    }

    /// Sends what the socket takes.
    func flush() throws(Ending) {
        while hasOutput {
            switch tls.write(output[outputStart...]) {
            case .done(let count): outputStart += count
            case .needsRead, .needsWrite: return
            case .closed: throw Ending("closed by the server")
            case .failed(let reason): throw Ending("TLS: \(reason)")
            }
        }
        output.removeAll(keepingCapacity: true)
        outputStart = 0
    }

    /// Reads one record into `buffer`: its byte count, 0 when there is none.
    func read(into buffer: inout [UInt8]) throws(Ending) -> Int {
        switch tls.read(into: &buffer) {
        case .done(let count): return count
        case .needsRead, .needsWrite: return 0
        case .closed: throw Ending("closed by the server")
        case .failed(let reason): throw Ending("TLS: \(reason)")
        }
    }

    /// Takes decrypted bytes: first the answer to the upgrade, then frames.
    func take(_ bytes: ArraySlice<UInt8>) throws(Ending) {
        guard stage == .upgrading else { return frames.feed(bytes) }
        head += bytes
        guard let end = Stamp.end(of: Array("\r\n\r\n".utf8), in: head[...]) else {
            guard head.count <= Self.headBytesMax else { throw Ending("HTTP answer too long") }
            return
        }
        try Upgrade.check(head[..<end])
        frames.feed(head[end...])
        head = []
        stage = .joining
    }

    /// The next whole message.
    func nextMessage() throws(Ending) -> ServerMessage? {
        do { return try frames.next() } catch { throw Ending("WebSocket: \(error)") }
    }

    /// Says goodbye on all layers, as far as the socket takes it at once.
    func leave() {
        if stage == .joining || stage == .joined {
            // 1000: the purpose is fulfilled (RFC 6455, 7.4.1).
            sendFrame(ClientFrame.close, [0x03, 0xE8])
            do { try flush() } catch { return }
        }
        tls.closeNotify()
    }
}

/// Why a connection is over, in words without anything of its traffic.
struct Ending: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}
