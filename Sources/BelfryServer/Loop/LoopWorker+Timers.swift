import BelfryBytes
import BelfryHTTP
import BelfryObserve
import BelfryProtocol
import BelfryReactor
import BelfrySession
import BelfryTLS
import BelfryWebSocket

// What happens when nothing happens. No timer runs for a connection that has nothing to wait for.

extension LoopWorker where K: Kernel {
    mutating func timerFired(_ payload: TimerPayload, reactor: inout LoopReactor) {
        let slot = payload.slot
        guard connections.contains(slot) else { return }
        switch payload.kind {
        case TimerKind.deadline: deadlinePassed(slot, reactor: &reactor)
        case TimerKind.ping: ping(slot, reactor: &reactor)
        case TimerKind.pong: pongDue(slot, reactor: &reactor)
        case TimerKind.expiry: expire(slot, reactor: &reactor)
        case TimerKind.write:
            // Not one byte in all that time: a frame to it would only wait behind the others.
            end(slot, ConnectionEnding(by: .server, code: 3009), reactor: &reactor)
        default: preconditionFailure("a timer of no kind")
        }
    }

    private mutating func deadlinePassed(_ slot: SlotID, reactor: inout LoopReactor) {
        connections[slot].deadline = .none
        switch connections[slot].phase {
        case .hello, .handshake: failHandshake(slot, .timedOut, reactor: &reactor)
        case .head, .authorizing: refuse(slot, .timedOut, reactor: &reactor)
        case .open:
            if connections[slot].session?.isUnusable == true {
                return end(slot, ConnectionEnding(by: .server, reason: .credentials), reactor: &reactor)
            }
            connections[slot].session?.connectDue(into: &actions)
            perform(slot, reactor: &reactor)
        case .closing, .lingering:
            end(slot, ConnectionEnding(by: .server, reason: .normal), reactor: &reactor)
        }
    }

    // MARK: Pings (protocol.md 8)

    /// Somewhere in the second half of the interval, so that a storm of connects is no storm of pings.
    mutating func armFirstPing(_ slot: SlotID, reactor: inout LoopReactor) {
        guard settings.pingInterval > .zero else { return }
        let half = settings.pingInterval / 2
        let part = Duration.nanoseconds(Int64.random(in: 0...max(0, half.clampedNanoseconds), using: &spread))
        connections[slot].pingTimer = reactor.arm(TimerKind.ping, for: slot, after: half + part)
    }

    private mutating func ping(_ slot: SlotID, reactor: inout LoopReactor) {
        connections[slot].tls?.holdsTicketBack = false
        if connections[slot].nativePings != nil {
            connections[slot].nativePings? += 1
            observer.frameSent(.ping)
            let nothing: [UInt8] = []
            enqueue(slot, OutboundFrame(bytes: FrameEncoder.frame(opcode: .ping, payload: nothing.span)))
        } else {
            connections[slot].session?.ping(into: &actions)
            perform(slot, reactor: &reactor)
        }
        guard connections.contains(slot), connections[slot].phase == .open else { return }
        connections[slot].record.pingSentAt = reactor.now
        connections[slot].pingTimer = reactor.arm(TimerKind.ping, for: slot, after: settings.pingInterval)
        connections[slot].pongTimer = reactor.arm(TimerKind.pong, for: slot, after: settings.pongTimeout)
    }

    private mutating func pongDue(_ slot: SlotID, reactor: inout LoopReactor) {
        connections[slot].pongTimer = .none
        if let unanswered = connections[slot].nativePings, unanswered > 0 {
            connections[slot].session?.close(.noPong, into: &actions)
        } else {
            connections[slot].session?.pongDue(into: &actions)
        }
        perform(slot, reactor: &reactor)
    }

    mutating func nativePong(_ slot: SlotID, now: Instant) {
        guard let unanswered = connections[slot].nativePings, unanswered > 0 else { return }
        connections[slot].nativePings = 0
        ponged(slot, now: now)
    }

    /// An answer to our ping has come, in either form.
    mutating func ponged(_ slot: SlotID, now: Instant) {
        guard let sentAt = connections[slot].record.pingSentAt else { return }
        connections[slot].record.pingSentAt = nil
        connections[slot].record.roundTrip = now - sentAt
        observer.roundTrip(now - sentAt)
    }

    // MARK: Expiry (protocol.md 12)

    /// Arms the timer for the earliest end of a token among the connection and its subscriptions.
    mutating func rearmExpiry(_ slot: SlotID, reactor: inout LoopReactor) {
        guard connections.contains(slot), connections[slot].phase == .open else { return }
        reactor.cancel(connections[slot].expiryTimer)
        connections[slot].expiryTimer = .none
        guard let moment = connections[slot].nextExpiry else { return }
        let seconds = max(0, moment &- settings.unixSeconds())
        connections[slot].expiryTimer = reactor.arm(TimerKind.expiry, for: slot, after: .seconds(seconds))
    }

    private mutating func expire(_ slot: SlotID, reactor: inout LoopReactor) {
        connections[slot].expiryTimer = .none
        let clock = clock(reactor)
        connections[slot].session?.expire(at: clock, into: &actions)
        perform(slot, reactor: &reactor)
        rearmExpiry(slot, reactor: &reactor)
    }
}
