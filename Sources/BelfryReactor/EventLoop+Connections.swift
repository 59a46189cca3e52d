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

    @inlinable mutating func runEvents(_ count: Int) {
        for index in 0..<count {
            let event = reactor.kernel.event(at: index)
            guard event.token != KernelEvent.wakeToken else { continue }
            reactor.counters.events &+= 1
            let slot = SlotID(token: event.token)
            if slot.generation == 0 {
                readyListeners.append(Int(truncatingIfNeeded: slot.index))
            } else if !delegate.isLive(slot) {
                reactor.counters.staleEvents &+= 1
            } else if !reactor.readyQueue.contains(slot) {
                // One that stands in the queue had its turn, or gets it in the next tick: it will try
                // everything.
                serve(slot, event.readiness)
            }
        }
    }

    @inlinable mutating func serve(_ slot: SlotID, _ readiness: Readiness) {
        if case .more = delegate.ready(slot, readiness, reactor: &reactor) {
            reactor.readyQueue.append(slot)
        }
    }
}
