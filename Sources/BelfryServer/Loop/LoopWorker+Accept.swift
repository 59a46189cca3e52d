import BelfryBytes
import BelfryLimits
import BelfryObserve
import BelfryReactor
import BelfryTLS

// A connection arrives, or is turned away before any cryptography: the cheapest refusal is the earliest.

extension LoopWorker where K: Kernel {
    mutating func accepted(
        _ descriptor: Descriptor, from peer: PeerAddress, listener: Int, reactor: inout LoopReactor
    ) {
        observer.accepted(listener: listener)
        traffic.accepted(peer)
        if let rejection = admit(peer, now: reactor.now) {
            observer.rejected(peer, rejection, now: reactor.now)
            // A reset, so that a flood leaves no connection of ours in TIME_WAIT.
            try? reactor.kernel.setLingerZero(descriptor)
            return reactor.close(descriptor)
        }
        open(descriptor, peer, listener, reactor: &reactor)
    }

    /// `nil` when the connection is counted and may go on.
    private mutating func admit(_ peer: PeerAddress, now: Instant) -> Rejection? {
        if drain != nil { return Rejection(reason: .draining) }
        // Before TLS, since a connection is itself what cannot be written down: whoever got as far as an answer would
        // have been here unseen.
        if settings.admission.refusesAll { return Rejection(reason: .overload) }
        if isBlocked(peer) { return Rejection(reason: .blocked) }
        guard !connections.isFull, settings.admission.admit() else {
            observer.overload.took(.rejectConnections, at: now)
            return Rejection(
                reason: .maxConnections, limit: settings.admission.limit, current: settings.admission.count)
        }
        let key = addressKey(peer)
        if let rejection = admitAddress(key, now: now) {
            settings.admission.release()
            return rejection
        }
        return nil
    }

    private mutating func admitAddress(_ key: LimitKey, now: Instant) -> Rejection? {
        let outcome = settings.budgets.chargeHandshake(from: key, policy: settings.limits, at: now)
        observer.limitDecided(outcome, scope: .address)
        if case .refused = outcome { return Rejection(reason: .perSource) }
        let isLimited = settings.limits.enabled && !settings.limits.dryRun
        let most = isLimited ? settings.limits.address.connections : 0
        if case .full(let current) = settings.addresses.admit(key, limit: most) {
            return Rejection(reason: .perSource, limit: most, current: current)
        }
        return nil
    }

    func addressKey(_ peer: PeerAddress) -> LimitKey {
        let prefix: AddressPrefix =
            peer.ip.isIPv4
            ? .ipv4(UInt32(truncatingIfNeeded: peer.ip.low))
            : AddressPrefix(ipv6High: peer.ip.high, low: peer.ip.low)
        return settings.limitKeys.address(prefix)
    }

    private mutating func open(
        _ descriptor: Descriptor, _ peer: PeerAddress, _ listener: Int, reactor: inout LoopReactor
    ) {
        let connection = Connection(
            descriptor: descriptor, peer: peer, listener: listener, id: uuids.next(),
            limits: settings.frameLimits, at: reactor.now)
        guard let slot = connections.insert(connection) else {
            preconditionFailure("the table was asked for room before")
        }
        observer.entered(.hello)
        growHeap()
        connections[slot].deadline = reactor.arm(
            TimerKind.deadline, for: slot, after: settings.handshakeTimeout)
        do {
            try reactor.register(descriptor, as: slot)
        } catch {
            end(slot, ConnectionEnding(by: .server, reason: .internal), reactor: &reactor)
        }
    }

    private mutating func growHeap() {
        if arrivals == 0 { ThreadHeap.growAhead() }
        arrivals = (arrivals + 1) % ThreadHeap.connectionsAhead
    }
}

/// A refusal to take a connection, with its evidence.
struct Rejection {
    let reason: AcceptRefusal
    var limit: Int?
    var current: Int?
}
