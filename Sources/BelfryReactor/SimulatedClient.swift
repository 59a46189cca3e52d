/// A client of a simulated kernel, played by a test.
///
/// It reads whatever the server sends as soon as it is sent, unless ``window`` is smaller.
public final class SimulatedClient {
    /// How the connection stands, seen from the client.
    public enum State: Equatable, Sendable {
        /// Connected, perhaps still waiting to be accepted.
        case open
        /// The server has ended its side, and all it sent has been read.
        case ended
        /// The server reset the connection, or the kernel did; unread bytes are lost.
        case reset
    }

    public let address: PeerAddress
    /// Bytes the client has read.
    public internal(set) var received: [UInt8] = []
    public internal(set) var state = State.open
    /// Bytes it is still willing to read; `Int.max` reads all, 0 has stopped reading.
    public var window = Int.max {
        didSet { socket.deliverToClient() }
    }

    let socket: SimulatedSocket

    init(address: PeerAddress, socket: SimulatedSocket) {
        self.address = address
        self.socket = socket
    }

    public func send(_ bytes: [UInt8]) {
        guard state == .open, !socket.clientEnded else { return }
        socket.arrived.append(contentsOf: bytes)
        socket.raise()
    }

    /// Ends the client's side; the server's may go on.
    public func shutdownWrite() {
        socket.clientEnded = true
        socket.raise()
    }

    /// Resets the connection: what the server has not read is lost.
    public func reset() {
        socket.fail()
        state = .reset
    }

    /// Closes both sides.
    ///
    /// What the server sends later is answered with a reset.
    public func close() {
        socket.clientGone = true
        shutdownWrite()
    }
}

/// The server's end of one simulated connection.
final class SimulatedSocket {
    /// What Linux gives a socket before it grows: enough for a test to fill.
    static let sendCapacity = 64 * 1024

    /// Sent by the client, not yet read by the server.
    var arrived: [UInt8] = []
    /// Sent by the server, not yet read by the client.
    var departing: [UInt8] = []
    var clientEnded = false
    var clientGone = false
    var serverEnded = false
    /// The connection was reset: reads and writes fail.
    var hasFailed = false
    var lingersZero = false

    var token: UInt64 = 0
    var interest = Interest()
    var isRegistered = false
    /// Something changed since the last report.
    var hasEdge = false
    weak var client: SimulatedClient?

    var room: Int { Self.sendCapacity - departing.count }

    var readiness: Readiness {
        if hasFailed { return [.readable, .writable, .halfClosed, .hangup] }
        var readiness = Readiness()
        if !arrived.isEmpty || clientEnded { readiness.insert(.readable) }
        if clientEnded { readiness.insert(.halfClosed) }
        // As tcp_poll does: room counts from a third of the buffer, so that a slow reader makes few events.
        if room * 3 >= Self.sendCapacity { readiness.insert(.writable) }
        return readiness
    }

    func raise() { hasEdge = true }

    func fail() {
        hasFailed = true
        arrived.removeAll()
        departing.removeAll()
        raise()
    }

    /// Moves what the client's window takes; a full buffer that gets room again is a change.
    func deliverToClient() {
        guard let client, client.state == .open else { return }
        let couldNotSend = !readiness.contains(.writable)
        let count = min(client.window, departing.count)
        if count > 0 {
            client.received.append(contentsOf: departing[..<count])
            departing.removeFirst(count)
            if client.window != .max { client.window -= count }
        }
        if couldNotSend, readiness.contains(.writable) { raise() }
        if serverEnded, departing.isEmpty { client.state = .ended }
    }

    /// The server closes.
    ///
    /// Unread input makes this a reset (RFC 1122, 4.2.2.13), and a reset takes our last words along.
    func closeByServer() {
        isRegistered = false
        if lingersZero || !arrived.isEmpty {
            departing.removeAll()
            if client?.state == .open { client?.state = .reset }
        } else {
            serverEnded = true
            deliverToClient()
        }
    }
}
