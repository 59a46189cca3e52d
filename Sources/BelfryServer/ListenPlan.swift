import BelfryJournal
import BelfryReactor

/// The sockets that systemd opened for this process, by what they are for.
struct InheritedSockets: Sendable {
    static let none = InheritedSockets()

    /// For clients; they take the place of `server.listen`.
    var wss: [InheritedListener] = []
    /// For operators; it takes the place of `side_port.listen`.
    var side: InheritedListener?

    var isEmpty: Bool { wss.isEmpty && side == nil }

    /// Takes them over: call it before there are other threads, since the environment is changed.
    ///
    /// - Throws: ``StartFailure`` for whatever Belfry can not use: a socket that is ignored would swallow its clients.
    static func take() throws(StartFailure) -> InheritedSockets {
        do {
            return try InheritedSockets(try ListenDescriptor.takeAll())
        } catch let failure as StartFailure {
            throw failure
        } catch {
            throw StartFailure(description: "socket activation: \(error)")
        }
    }

    private init() {}

    init(_ taken: [ListenDescriptor]) throws(StartFailure) {
        for socket in taken {
            let listener: InheritedListener
            do {
                listener = try InheritedListener(socket.descriptor)
            } catch {
                throw StartFailure(
                    description:
                        "socket activation: descriptor \(socket.descriptor) (\(socket.name)): \(error)")
            }
            try add(listener, as: socket.name)
        }
    }

    private mutating func add(_ listener: InheritedListener, as name: String) throws(StartFailure) {
        switch name {
        case "wss": wss.append(listener)
        case "side" where side == nil: side = listener
        case "side":
            throw StartFailure(description: "socket activation: two sockets are named side; Belfry takes one")
        default:
            throw StartFailure(
                description:
                    "socket activation: \(listener.address) is named \"\(name)\"; give its socket unit "
                    + "FileDescriptorName=wss (clients) or side (metrics, health, server API)")
        }
    }
}

/// What every loop listens on.
enum ListenPlan: Sendable {
    /// Each loop has a listener of its own on each address (`SO_REUSEPORT`).
    case own([ListenAddress])
    /// The loops share each socket, and take turns.
    case inherited([InheritedListener])

    init(_ addresses: [ListenAddress], _ sockets: [InheritedListener]) {
        self = sockets.isEmpty ? .own(addresses) : .inherited(sockets)
    }

    /// In the order of the loops' listeners.
    var addresses: [ListenAddress] {
        switch self {
        case .own(let addresses): addresses
        case .inherited(let sockets): sockets.map(\.address)
        }
    }

    /// What the journal tells of each.
    func backlog(at index: Int) -> Int {
        guard case .inherited(let sockets) = self, sockets.indices.contains(index) else {
            return Relay.backlog
        }
        return sockets[index].backlog
    }

    /// The name that systemd gave them.
    var descriptorName: String? {
        if case .inherited = self { "wss" } else { nil }
    }
}
