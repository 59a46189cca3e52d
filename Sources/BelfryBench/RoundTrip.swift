package import BelfryBytes
package import BelfryReactor
import BelfryTLS

// A client of the relay's own, that has a message come back to it.
//
//   connect ──▶ tls ──▶ upgrade ──▶ session ──▶ echo, as often as wanted, with rests in which pings are answered
//
// Always: (1) no step outlasts its deadline by more than a record's decryption; (2) after a failure the socket is closed
// and the object is of no more use; (3) one thread owns it.

/// One connection through which the relay proves to itself that it works.
package final class RoundTrip {
    /// How far a connection had come.
    package enum Phase: String, Sendable { case connect, tls, upgrade, session }

    package struct Failure: Error, Sendable {
        package let phase: Phase
        /// Without anything of the traffic.
        package let reason: String
        package let isTimeout: Bool

        package init(phase: Phase, reason: String, isTimeout: Bool) {
            self.phase = phase
            self.reason = reason
            self.isTimeout = isTimeout
        }
    }

    /// What to connect to and as whom.
    package struct Target: Sendable {
        package var address: PeerAddress
        /// The Host header, with the port.
        package var authority: String
        package var path: String
        /// The Origin header, where the relay insists on one.
        package var origin: String?
        package var token: String
        package var channel: String

        package init(
            address: PeerAddress, authority: String, path: String, origin: String?, token: String,
            channel: String
        ) {
            self.address = address
            self.authority = authority
            self.path = path
            self.origin = origin
            self.token = token
            self.channel = channel
        }
    }

    private let kernel: LinuxKernel
    private let connection: BenchConnection
    private let channel: String
    private let run = UInt32.random(in: .min ... .max)
    private var phase = Phase.connect
    private var buffer = [UInt8](repeating: 0, count: 16_384)
    private var sequence: UInt64 = 0
    private var received: UInt64 = 0
    private var replies: Set<UInt64> = []
    private var refusals: [UInt64: UInt64] = [:]
    private var isOpen = true

    /// Whether a channel could be entered; if not, a round trip ends at the session.
    package private(set) var carriesMessages = false

    /// Connects, and enters the channel if it is let.
    ///
    /// - Parameters:
    ///   - target: Whose certificate is not looked at: it is the relay's own address.
    ///   - kernel: Woken from elsewhere, it ends a rest early.
    ///   - limit: For all of it.
    /// - Returns: When the session is open.
    /// - Throws: The phase that failed.
    package static func open(
        _ target: Target, on kernel: LinuxKernel, within limit: Duration
    ) throws(Failure) -> RoundTrip {
        let trip = try RoundTrip(target, kernel)
        do {
            try trip.enter(target, by: kernel.now() + limit)
        } catch {
            trip.close()
            throw error
        }
        return trip
    }

    private init(_ target: Target, _ kernel: LinuxKernel) throws(Failure) {
        self.kernel = kernel
        channel = target.channel
        do {
            let context = try TLSClientContext(verifiesPeer: false)
            let descriptor = try kernel.connect(to: target.address)
            let session = TLSClientSession(
                context: context, host: target.authority, isAddress: true, descriptor: descriptor.rawValue)
            guard let session else {
                kernel.close(descriptor)
                throw Failure(phase: .tls, reason: "no session", isTimeout: false)
            }
            do {
                try kernel.register(descriptor, token: 0, interest: [.readable, .writable])
            } catch {
                kernel.close(descriptor)
                throw error
            }
            connection = BenchConnection(
                descriptor: descriptor, room: 0, startedAt: kernel.now(), tls: session)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(phase: .connect, reason: "\(error)", isTimeout: false)
        }
    }

    private func enter(_ target: Target, by deadline: Instant) throws(Failure) {
        phase = .tls
        try wait(by: deadline) { $0.connection.stage != .handshaking }
        phase = .upgrade
        connection.send(Upgrade.request(target.path, target.authority, origin: target.origin))
        try wait(by: deadline) { $0.connection.stage == .joining }
        phase = .session
        send(#"{"id":1,"connect":{"token":"\#(target.token)","name":"belfry-probe"}}"#)
        send(#"{"id":2,"subscribe":{"channel":"\#(channel)"}}"#)
        try wait(by: deadline) { $0.isAnswered(1) && ($0.isAnswered(2) || $0.refusals[1] != nil) }
        if let code = refusals[1] { throw failure("connect was refused with \(code)") }
        carriesMessages = refusals[2] == nil
        connection.nextID = 3
    }

    /// Publishes a message and waits until it has come back.
    ///
    /// Answers how long that took; throws what went wrong, a refusal as well as silence. `limit` is for all of it.
    package func echo(within limit: Duration) throws(Failure) -> Duration {
        let began = kernel.now()
        guard carriesMessages else { return try ping(from: began, within: limit) }
        sequence += 1
        let id = nextID()
        let stamp = Stamp(run: run, room: 0, sequence: sequence, sentAt: began)
        let payload = String(decoding: stamp.payload(byteCount: Stamp.byteCountMax), as: UTF8.self)
        send(#"{"id":\#(id),"publish":{"channel":"\#(channel)","data":\#(payload)}}"#)
        let wanted = sequence
        try wait(by: began + limit) { ($0.received >= wanted && $0.isAnswered(id)) || $0.refusals[id] != nil }
        if let code = refusals.removeValue(forKey: id) { throw failure("publish was refused with \(code)") }
        replies.remove(id)
        return kernel.now() - began
    }

    /// Where no channel is to be had, an answer to a WebSocket ping shows that the loop is alive.
    private func ping(from began: Instant, within limit: Duration) throws(Failure) -> Duration {
        let pongs = self.pongs
        connection.sendFrame(ClientFrame.ping, [])
        try wait(by: began + limit) { $0.pongs > pongs }
        return kernel.now() - began
    }

    private var pongs = 0

    /// Answers pings until `deadline`, or until the kernel is woken.
    ///
    /// `isOver` is asked after each wake-up. Throws when the relay ends the connection.
    package func rest(until deadline: Instant, unless isOver: () -> Bool) throws(Failure) {
        while kernel.now() < deadline, !isOver() { try turn(until: deadline) }
    }

    /// Says goodbye and closes the socket.
    package func leave() {
        guard isOpen else { return }
        connection.leave()
        close()
    }

    private func close() {
        guard isOpen else { return }
        isOpen = false
        kernel.close(connection.descriptor)
    }

    private func nextID() -> UInt64 {
        defer { connection.nextID &+= 1 }
        return connection.nextID
    }

    private func isAnswered(_ id: UInt64) -> Bool { replies.contains(id) || refusals[id] != nil }

    private func send(_ text: String) { connection.sendFrame(ClientFrame.text, text.utf8) }

    private func failure(_ reason: String, isTimeout: Bool = false) -> Failure {
        Failure(phase: phase, reason: reason, isTimeout: isTimeout)
    }
}

// MARK: Moving bytes

extension RoundTrip {
    private func wait(by deadline: Instant, until isDone: (RoundTrip) -> Bool) throws(Failure) {
        while true {
            try advance()
            if isDone(self) { return }
            guard kernel.now() < deadline else {
                close()
                throw failure("no answer in time", isTimeout: true)
            }
            _ = kernel.wait(until: deadline)
        }
    }

    private func turn(until deadline: Instant) throws(Failure) {
        try advance()
        _ = kernel.wait(until: deadline)
        try advance()
    }

    private func advance() throws(Failure) {
        do {
            try exchange()
        } catch {
            close()
            throw failure(error.reason)
        }
    }

    private func exchange() throws(Ending) {
        if connection.stage == .handshaking {
            guard try connection.handshake() else { return try watch() }
            connection.stage = .upgrading
        }
        try connection.flush()
        while true {
            let count = try connection.read(into: &buffer)
            if count == 0 { break }
            try connection.take(buffer[..<count])
            while let message = try connection.nextMessage() { try handle(message) }
        }
        try connection.flush()
        try watch()
    }

    /// The kernel reports room in the socket only while there is something to send.
    private func watch() throws(Ending) {
        let wants = connection.hasOutput || connection.awaitsWriting
        guard connection.watchesWrites != wants else { return }
        connection.watchesWrites = wants
        do {
            try kernel.modify(
                connection.descriptor, token: 0,
                interest: wants ? [.readable, .writable] : .readable)
        } catch { throw Ending("\(error)") }
    }

    private func handle(_ message: ServerMessage) throws(Ending) {
        switch message {
        case .data(let bytes): for line in bytes.split(separator: 0x0A) { try handle(ServerLine(line)) }
        case .ping(let payload): connection.sendFrame(ClientFrame.pong, payload)
        case .pong: pongs += 1
        case .close(let code): throw Ending("closed with \(code)")
        }
    }

    private func handle(_ line: ServerLine) throws(Ending) {
        switch line {
        case .ping: connection.sendFrame(ClientFrame.text, "{}".utf8)
        case .reply(let id): replies.insert(id)
        case .refusal(let id, let code): refusals[id] = code
        case .delivery(let stamp): if stamp.run == run { received = max(received, stamp.sequence) }
        case .disconnect(let code): throw Ending("disconnected with \(code)")
        case .other: break
        }
    }
}
