import BelfryBytes

extension EventLoop where D: ~Copyable {
    /// After the open connections, so that a storm of new ones costs these nothing but time left over.
    @inlinable mutating func acceptConnections() {
        if governor.resumeIfDue(at: reactor.now) { watchListeners() }
        var budget = reactor.limits.acceptsPerTick
        for index in readyListeners {
            guard governor.resumeAt == nil else { break }
            guard index < reactor.listeners.count else { continue }
            accept(from: index, budget: &budget)
        }
        readyListeners.removeAll(keepingCapacity: true)
    }

    @inlinable mutating func accept(from index: Int, budget: inout Int) {
        while budget > 0 {
            budget -= 1
            switch reactor.kernel.accept(from: reactor.listeners[index]) {
            case .accepted(let descriptor, let peer):
                reactor.counters.accepted &+= 1
                delegate.accepted(descriptor, from: peer, listener: index, reactor: &reactor)
            case .wouldBlock:
                return
            case .exhausted(let error):
                return pauseAccepting(error)
            case .retry:
                reactor.counters.acceptRetries &+= 1
            }
        }
    }

    @inlinable mutating func pauseAccepting(_ error: SystemError) {
        reactor.counters.acceptPauses &+= 1
        // Removed, not modified: Linux refuses to modify an exclusive interest.
        for listener in reactor.listeners { try? reactor.kernel.remove(listener) }
        guard let notice = governor.exhausted(error, at: reactor.now) else { return }
        delegate.acceptPaused(notice)
    }

    /// Watches every listener again.
    ///
    /// If the kernel has no memory for that, the pause goes on.
    @inlinable mutating func watchListeners() {
        for (index, listener) in reactor.listeners.enumerated() {
            let token = SlotID(index: UInt32(truncatingIfNeeded: index), generation: 0).token
            do {
                try reactor.kernel.register(listener, token: token, interest: .listener)
            } catch {
                return pauseAccepting(error)
            }
        }
    }

    /// Accepts what the kernel has queued, then closes.
    ///
    /// The bound is the listeners' backlogs, which the kernel cuts at 4,096 by default: what still arrives in
    /// between is refused like anything after us.
    @inlinable mutating func closeListeners() {
        reactor.stopsListening = false
        var budget = 4_096
        for index in reactor.listeners.indices where governor.resumeAt == nil {
            accept(from: index, budget: &budget)
        }
        for listener in reactor.listeners { reactor.kernel.close(listener) }
        reactor.listeners.removeAll()
        governor = AcceptGovernor()
    }
}
