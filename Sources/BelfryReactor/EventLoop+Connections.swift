import BelfryBytes

extension EventLoop where D: ~Copyable {
    /// Turns for connections with work left over.
    ///
    /// Those that come back stand behind the others, for the next tick.
    @inlinable mutating func runReadyQueue() {
        let turns = min(reactor.readyQueue.count, reactor.limits.resumesPerTick)
        for _ in 0..<turns {
            guard let slot = reactor.readyQueue.popFirst() else { break }
            guard delegate.isLive(slot) else { continue }
            reactor.counters.resumes &+= 1
            serve(slot, .resumed)
        }
        if turns < reactor.readyQueue.count, turns == reactor.limits.resumesPerTick {
            reactor.counters.exhaustedBudgets &+= 1
        }
    }

    /// Stage by stage, and within one in the kernel's order.
    ///
    /// Who is served first waits least, and connections at the same stage run the same code, which the first of them
    /// brings into the cache for all.
    @inlinable mutating func runEvents(_ count: Int) {
        guard count > 1 else {
            if count == 1, let turn = turn(at: 0) { serve(turn) }
            return
        }
        for index in 0..<count {
            guard let turn = turn(at: index) else { continue }
            stages[min(delegate.stage(of: turn.slot), Self.lastStage)].append(turn)
        }
        for stage in stages.indices { runStage(stage) }
    }

    /// The turn that an event gives a connection; `nil` if it gives none.
    @inlinable mutating func turn(at index: Int) -> ConnectionTurn? {
        let event = reactor.kernel.event(at: index)
        guard event.token != KernelEvent.wakeToken else { return nil }
        reactor.counters.events &+= 1
        let slot = SlotID(token: event.token)
        if slot.generation == 0 {
            readyListeners.append(Int(truncatingIfNeeded: slot.index))
            return nil
        }
        guard delegate.isLive(slot) else {
            reactor.counters.staleEvents &+= 1
            return nil
        }
        return ConnectionTurn(slot: slot, readiness: event.readiness)
    }

    @inlinable mutating func runStage(_ stage: Int) {
        for index in stages[stage].indices { serve(stages[stage][index]) }
        stages[stage].removeAll(keepingCapacity: true)
    }

    @inlinable mutating func serve(_ turn: ConnectionTurn) {
        // A turn before this one in the batch may have closed it.
        guard delegate.isLive(turn.slot) else {
            reactor.counters.staleEvents &+= 1
            return
        }
        // One that stands in the queue had its turn, or gets it in the next tick: it will try everything.
        guard !reactor.readyQueue.contains(turn.slot) else { return }
        serve(turn.slot, turn.readiness)
    }

    @inlinable mutating func serve(_ slot: SlotID, _ readiness: Readiness) {
        if case .more = delegate.ready(slot, readiness, reactor: &reactor) {
            reactor.readyQueue.append(slot)
        }
    }
}

/// A connection to be served in this tick, and what it is ready for.
@usableFromInline struct ConnectionTurn {
    @usableFromInline let slot: SlotID
    @usableFromInline let readiness: Readiness

    @inlinable init(slot: SlotID, readiness: Readiness) {
        self.slot = slot
        self.readiness = readiness
    }
}
