import BelfryBytes

extension EventLoop where D: ~Copyable {
    /// After the open connections, so that a storm of new ones costs these nothing but time left over.
    @inlinable mutating func acceptConnections() {
        if governor.resumeIfDue(at: reactor.now) { watchListeners() }
        var budget = reactor.limits.acceptsPerTick
        for index in readyListeners {
            guard governor.resumeAt == nil else { break }
            guard index < reactor.listeners.count else { continue }
            let before = reactor.counters.accepted
            accept(from: index, budget: &budget)
            if reactor.listeners[index].isShared, reactor.counters.accepted != before {
                goToEndOfQueue(index)
            }
        }
        readyListeners.removeAll(keepingCapacity: true)
    }

    /// Leaves the next newcomer at a shared listener to another loop.
    ///
    /// Of all loops that sleep, Linux wakes the one that has watched longest, always the same: of 400 newcomers 2 ms
    /// apart the first of two loops got 398. Watching anew puts this loop behind the others: 200 and 200.
    @inlinable mutating func goToEndOfQueue(_ index: Int) {
        guard governor.resumeAt == nil else { return }
        let listener = reactor.listeners[index].descriptor
        try? reactor.kernel.remove(listener)
        do {
            try reactor.watch(listener, at: index)
        } catch {
            pauseAccepting(error)
        }
    }

    @inlinable mutating func accept(from index: Int, budget: inout Int) {
        while budget > 0 {
            budget -= 1
            switch reactor.kernel.accept(from: reactor.listeners[index].descriptor) {
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
        for listener in reactor.listeners { try? reactor.kernel.remove(listener.descriptor) }
        guard let notice = governor.exhausted(error, at: reactor.now) else { return }
        delegate.acceptPaused(notice)
    }

    /// Watches every listener again.
    ///
    /// If the kernel has no memory for that, the pause goes on.
    @inlinable mutating func watchListeners() {
        for (index, listener) in reactor.listeners.enumerated() {
            do {
                try reactor.watch(listener.descriptor, at: index)
            } catch {
                return pauseAccepting(error)
            }
        }
    }

    /// Accepts what the kernel has queued for us alone, then closes.
    ///
    /// The bound is the listeners' backlogs, which the kernel cuts at 4,096 by default: what still arrives in
    /// between is refused like anything after us.
    @inlinable mutating func closeListeners() {
        reactor.stopsListening = false
        var budget = 4_096
        for index in reactor.listeners.indices where governor.resumeAt == nil {
            if !reactor.listeners[index].isShared { accept(from: index, budget: &budget) }
        }
        for listener in reactor.listeners {
            // While others hold the socket, epoll would go on reporting it under a number that is no longer ours.
            if listener.isShared { try? reactor.kernel.remove(listener.descriptor) }
            reactor.kernel.close(listener.descriptor)
        }
        reactor.listeners.removeAll()
        governor = AcceptGovernor()
    }
}
