import BelfryBytes
import BelfryObserve
import BelfryProtocol
import BelfryReactor
import BelfrySession

// The end of a loop: its clients are sent away in waves, spread over the time given, so that the nodes they go to are
// not met by all of them at once.

/// How a drain goes on.
struct DrainPlan {
    /// Between two waves; ten a second spread evenly enough and cost nothing.
    static let waveInterval = Duration.milliseconds(100)

    let perWave: Int
    var until: Instant
    var nextWave: Instant
    /// Where the walk over the table stands.
    var cursor: UInt32 = 0
}

extension LoopWorker where K: Kernel {
    mutating func beginDrain(over duration: Duration, reactor: inout LoopReactor) {
        if let plan = drain {
            // Asked again: whoever asks twice is in a hurry.
            drain?.until = min(plan.until, reactor.now + duration)
            return
        }
        reactor.stopListening()
        // Half of the time for the waves: a close frame takes a round trip, and stragglers have their own deadlines.
        let waves = max(1, Int((duration / 2 / DrainPlan.waveInterval).rounded()))
        drain = DrainPlan(
            perWave: connections.count / waves + 1, until: reactor.now + duration, nextWave: reactor.now)
        reactor.arm(TimerPayload(target: 0, kind: TimerKind.drain), at: reactor.now)
    }

    /// Once a tick while draining: the next wave if it is due, and the end when nobody is left or time is over.
    mutating func continueDrain(reactor: inout LoopReactor) {
        guard let plan = drain else { return }
        if connections.count == 0 || reactor.now >= plan.until {
            isDone = true
            return
        }
        guard reactor.now >= plan.nextWave else { return }
        sendWave(reactor: &reactor)
        drain?.nextWave = reactor.now + DrainPlan.waveInterval
        reactor.arm(TimerPayload(target: 0, kind: TimerKind.drain), at: reactor.now + DrainPlan.waveInterval)
        flushTouched(reactor: &reactor)
    }

    private mutating func sendWave(reactor: inout LoopReactor) {
        var left = drain?.perWave ?? 0
        while left > 0, let slot = connections.live(from: drain?.cursor ?? 0) {
            drain?.cursor = slot.index + 1
            guard connections[slot].phase != .closing, connections[slot].phase != .lingering else { continue }
            left -= 1
            sendAway(slot, reactor: &reactor)
        }
        // The walk begins again: connections accepted from the kernel's queue may stand in slots already passed.
        if left > 0 { drain?.cursor = 0 }
    }

    private mutating func sendAway(_ slot: SlotID, reactor: inout LoopReactor) {
        guard connections[slot].phase == .open else {
            return end(slot, ConnectionEnding(by: .server, reason: .shutdown), reactor: &reactor)
        }
        connections[slot].session?.close(.shutdown, into: &actions)
        if connections[slot].session == nil { disconnect(slot, .shutdown, reactor: &reactor) }
        perform(slot, reactor: &reactor)
    }

    /// The loop stops: whoever is still here is cut.
    mutating func stopping(reactor: inout LoopReactor) {
        var next: UInt32 = 0
        while let slot = connections.live(from: next) {
            end(slot, ConnectionEnding(by: .server, reason: .shutdown), reactor: &reactor)
            next = slot.index + 1
        }
    }
}
