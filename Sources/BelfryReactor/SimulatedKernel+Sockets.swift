#if canImport(Glibc)
    import Glibc
#endif

/// A simulated listening socket.
final class SimulatedListener {
    let port: UInt16
    var backlog: [SimulatedSocket] = []
    let backlogLimit: Int
    var token: UInt64 = 0
    var isRegistered = false

    init(port: UInt16, backlogLimit: Int) {
        self.port = port
        self.backlogLimit = backlogLimit
    }
}

extension SimulatedKernel {
    // MARK: Clients

    /// Connects a client to the listener on `port`, whose queue it joins; `nil` if nobody listens or it is
    /// full.
    ///
    /// Of several listeners on one port the seed picks one, as unevenly as `SO_REUSEPORT` does.
    public func connect(
        to port: UInt16, from address: PeerAddress = PeerAddress(ip: .loopback, port: 40_000)
    ) -> SimulatedClient? {
        let listeners = entries.sorted { $0.key < $1.key }.compactMap { entry -> SimulatedListener? in
            guard case .listener(let listener) = entry.value, listener.port == port else { return nil }
            return listener
        }
        guard let listener = listeners.randomElement(using: &random),
            listener.backlog.count < listener.backlogLimit
        else { return nil }
        let socket = SimulatedSocket()
        let client = SimulatedClient(address: address, socket: socket)
        socket.client = client
        listener.backlog.append(socket)
        return client
    }

    // MARK: Descriptors

    private func lowestFreeDescriptor() -> Descriptor {
        var number: Int32 = 3
        while entries[number] != nil { number += 1 }
        return Descriptor(rawValue: number)
    }

    private func socket(_ descriptor: Descriptor) -> SimulatedSocket {
        guard case .socket(let socket) = entries[descriptor.rawValue] else {
            preconditionFailure(
                "EBADF: descriptor \(descriptor.rawValue) is no open connection (seed \(seed))")
        }
        return socket
    }

    private func listener(_ descriptor: Descriptor) -> SimulatedListener {
        guard case .listener(let listener) = entries[descriptor.rawValue] else {
            preconditionFailure("EBADF: descriptor \(descriptor.rawValue) does not listen (seed \(seed))")
        }
        return listener
    }

    // MARK: Listeners

    public func listen(
        _ address: ListenAddress, backlog: Int, reusePort: Bool
    ) throws(SystemError) -> Descriptor {
        let isTaken = entries.values.contains {
            guard case .listener(let listener) = $0 else { return false }
            return listener.port == address.port
        }
        if isTaken, !reusePort { throw SystemError(.listen, code: EADDRINUSE) }
        let descriptor = lowestFreeDescriptor()
        entries[descriptor.rawValue] = .listener(
            SimulatedListener(port: address.port, backlogLimit: backlog))
        return descriptor
    }

    public func adoptListener(_ descriptor: Descriptor) throws(SystemError) {
        guard case .listener = entries[descriptor.rawValue] else { throw SystemError(.adopt, code: EINVAL) }
    }

    public func accept(from descriptor: Descriptor) -> AcceptResult {
        acceptCount += 1
        let listener = listener(descriptor)
        guard !listener.backlog.isEmpty else { return .wouldBlock }
        // As Linux: the number is looked for first, so EMFILE leaves the client in the queue.
        if entries.count >= faults.descriptorLimit {
            return .exhausted(SystemError(.accept, code: EMFILE))
        }
        let socket = listener.backlog.removeFirst()
        if random.happens(percent: faults.abortedAcceptPercent) {
            socket.fail()
            socket.client?.state = .reset
            return .retry
        }
        let accepted = lowestFreeDescriptor()
        entries[accepted.rawValue] = .socket(socket)
        let peer = socket.client?.address ?? PeerAddress(ip: .loopback, port: 0)
        return .accepted(accepted, peer)
    }

    public func localPort(of descriptor: Descriptor) throws(SystemError) -> UInt16 {
        listener(descriptor).port
    }

    // MARK: Readiness

    public func register(
        _ descriptor: Descriptor, token: UInt64, interest: Interest
    ) throws(SystemError) {
        switch entries[descriptor.rawValue] {
        case .listener(let listener):
            listener.token = token
            listener.isRegistered = true
        case .socket(let socket):
            socket.token = token
            socket.interest = interest
            socket.isRegistered = true
            socket.raise()  // as EPOLL_CTL_ADD: what is ready already is reported
        case nil:
            preconditionFailure("EBADF: register of descriptor \(descriptor.rawValue) (seed \(seed))")
        }
    }

    public func modify(_ descriptor: Descriptor, token: UInt64, interest: Interest) throws(SystemError) {
        try register(descriptor, token: token, interest: interest)
    }

    public func remove(_ descriptor: Descriptor) throws(SystemError) {
        switch entries[descriptor.rawValue] {
        case .listener(let listener): listener.isRegistered = false
        case .socket(let socket): socket.isRegistered = false
        case nil: throw SystemError(.register, code: ENOENT)
        }
    }

    // MARK: Bytes

    public func receive(_ descriptor: Descriptor, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let socket = socket(descriptor)
        unsafe precondition(!buffer.isEmpty, "receive into an empty buffer")
        if socket.hasFailed { return KernelCode.connectionReset }
        if socket.arrived.isEmpty { return socket.clientEnded ? 0 : KernelCode.wouldBlock }
        if refuses(socket) { return KernelCode.wouldBlock }
        var count = min(buffer.count, socket.arrived.count)
        if random.happens(percent: faults.shortReadPercent) {
            count = Int.random(in: 1...count, using: &random)
            socket.raise()  // what is left counts as having arrived later
        }
        unsafe buffer.copyBytes(from: socket.arrived[..<count])
        socket.arrived.removeFirst(count)
        return count
    }

    public func send(_ descriptor: Descriptor, _ bytes: UnsafeRawBufferPointer) -> Int {
        let socket = socket(descriptor)
        if socket.hasFailed { return KernelCode.connectionReset }
        if socket.serverEnded { return KernelCode.brokenPipe }
        if socket.clientGone {
            socket.fail()  // the client's kernel answers with a reset: this write goes, the next fails
            return bytes.count
        }
        if socket.room == 0 || refuses(socket) { return KernelCode.wouldBlock }
        var count = min(bytes.count, socket.room)
        if count > 1, random.happens(percent: faults.shortWritePercent) {
            count = Int.random(in: 1...count, using: &random)
            socket.raise()
        }
        unsafe socket.departing.append(contentsOf: bytes[..<count])
        socket.deliverToClient()
        return count
    }

    private func refuses(_ socket: SimulatedSocket) -> Bool {
        guard random.happens(percent: faults.wouldBlockPercent) else { return false }
        socket.raise()
        return true
    }

    public func shutdownWrite(_ descriptor: Descriptor) {
        let socket = socket(descriptor)
        socket.serverEnded = true
        socket.deliverToClient()
    }

    public func close(_ descriptor: Descriptor) {
        switch entries.removeValue(forKey: descriptor.rawValue) {
        case .listener(let listener):
            // The queue of a closed listener is reset: no other listener inherits it.
            for socket in listener.backlog {
                socket.fail()
                socket.client?.state = .reset
            }
        case .socket(let socket): socket.closeByServer()
        case nil: preconditionFailure("EBADF: close of descriptor \(descriptor.rawValue) (seed \(seed))")
        }
    }

    public func setNoDelay(_ descriptor: Descriptor) throws(SystemError) { _ = socket(descriptor) }

    public func setLingerZero(_ descriptor: Descriptor) throws(SystemError) {
        socket(descriptor).lingersZero = true
    }
}
