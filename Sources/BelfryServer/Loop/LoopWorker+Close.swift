import BelfryBytes
import BelfryLimits
import BelfryObserve
import BelfryProtocol
import BelfryReactor
import BelfrySession
import BelfryTLS
import BelfryWebSocket

// The end of a connection.
//
//   disconnect, violate, an HTTP answer ──▶ closing ──our last bytes written, peer's close or time over──▶ lingering
//   peer's close frame ────────────────────▶ closing ──our echo written──────────────────────────────────▶ lingering
//   lingering ──peer's end, or time over──▶ end            anything broken, at any stage ──▶ end
//
// Always: (1) a connection leaves its channels the moment its end is decided. (2) `end` runs once and gives back all
// that was taken. (3) Why it ended is decided once, by whoever was first.

extension LoopWorker where K: Kernel {
    /// Closes with a code of the Centrifuge protocol (protocol.md 15).
    mutating func disconnect(_ slot: SlotID, _ code: DisconnectCode, reactor: inout LoopReactor) {
        guard connections[slot].phase == .open else { return }
        if !code.flushesQueue { dropQueue(slot) }
        let closeCode = CloseCode(rawValue: UInt16(truncatingIfNeeded: code.code))
        sendClose(
            slot, closeCode, code.reason, ConnectionEnding(by: .server, code: closeCode.rawValue),
            reactor: &reactor)
    }

    /// Queues our close frame behind what waits, and lets the peer answer it.
    mutating func sendClose(
        _ slot: SlotID, _ code: CloseCode, _ reason: String, _ ending: ConnectionEnding,
        reactor: inout LoopReactor
    ) {
        dropHeld(slot)
        observer.frameSent(.close)
        enqueue(slot, OutboundFrame(bytes: FrameEncoder.closeFrame(code, reason: reason)))
        beginClosing(slot, ending, waitsForPeer: !connections[slot].decoder.isClosed, reactor: &reactor)
    }

    mutating func beginClosing(
        _ slot: SlotID, _ ending: ConnectionEnding, waitsForPeer: Bool, reactor: inout LoopReactor
    ) {
        guard connections[slot].phase != .closing, connections[slot].phase != .lingering else { return }
        if connections[slot].record.ending == nil { connections[slot].record.ending = ending }
        if !taps.isEmpty { tapClosed(slot, at: reactor.now) }
        leaveChannels(slot, reactor: &reactor)
        enter(.closing, slot)
        connections[slot].closesWhenFlushed = !waitsForPeer
        cancelTimers(slot, reactor: &reactor)
        // Centrifuge's own patience with a peer that does not answer a close (protocol.md 1.3).
        connections[slot].deadline = reactor.arm(TimerKind.deadline, for: slot, after: .seconds(5))
    }

    /// The peer's close frame: answered with its own code, unless it answers ours.
    mutating func peerSaidClose(_ slot: SlotID, _ frame: CloseFrame?, reactor: inout LoopReactor) {
        if connections[slot].phase == .closing {
            connections[slot].closesWhenFlushed = true
            return unblock(slot)
        }
        let code = frame?.code ?? .normal
        dropHeld(slot)
        observer.frameSent(.close)
        enqueue(slot, OutboundFrame(bytes: CloseFrame.echo(frame)))
        beginClosing(
            slot, ConnectionEnding(by: .client, code: code.rawValue), waitsForPeer: false, reactor: &reactor)
    }

    /// The peer ended the stream, in order or not.
    mutating func peerLeft(_ slot: SlotID, reactor: inout LoopReactor) -> Leftover {
        end(slot, ConnectionEnding(by: .client, reason: .lost), reactor: &reactor)
        return .drained
    }

    mutating func fail(_ slot: SlotID, _ failure: TLSFailure, reactor: inout LoopReactor) {
        let isFlood = failure.reason == .keyUpdateFlood
        let ending = ConnectionEnding(by: isFlood ? .server : .client, reason: isFlood ? .rate : .lost)
        end(slot, ending, reactor: &reactor)
    }

    /// Everything is written: says goodbye in TLS, shuts our side and lets the peer read to the end.
    mutating func finish(_ slot: SlotID, reactor: inout LoopReactor) {
        let descriptor = connections[slot].descriptor
        if case .needsWrite? = connections[slot].tls?.closeNotify(on: descriptor.rawValue) {
            connections[slot].isWriteBlocked = true
            return observer.writeBlocked(true)
        }
        reactor.kernel.shutdownWrite(descriptor)
        enter(.lingering, slot)
        reactor.cancel(connections[slot].deadline)
        connections[slot].deadline = reactor.arm(TimerKind.deadline, for: slot, after: .seconds(1))
        if discardInput(slot, reactor: &reactor) == .more { reactor.runAgain(slot) }
    }

    /// Reads and forgets, so that unread input does not make the kernel send a reset over our last words.
    mutating func discardInput(_ slot: SlotID, reactor: inout LoopReactor) -> Leftover {
        let step = connections[slot].linger.discard(
            from: connections[slot].descriptor, kernel: reactor.kernel)
        if step == .close { end(slot, ConnectionEnding(by: .server, reason: .normal), reactor: &reactor) }
        return .drained
    }

    /// The queue went over its bound: the peer reads slower than we may wait.
    mutating func closeSlowConsumer(_ slot: SlotID, reactor: inout LoopReactor) {
        guard connections.contains(slot), connections[slot].phase == .open else { return }
        observer.consumerSlow(connections[slot], now: reactor.now)
        connections[slot].session?.close(.slow, into: &actions)
        if connections[slot].session == nil { disconnect(slot, .slow, reactor: &reactor) }
        perform(slot, reactor: &reactor)
    }

    /// Forgets what waits, but for what OpenSSL already holds a record of: that must be offered again.
    private mutating func dropQueue(_ slot: SlotID) {
        let waiting = connections[slot].outbound.byteCount
        let lost = connections[slot].outbound.removeAll(
            behind: connections[slot].isWriteBlocked ? TLSSession.recordBytesMax : 0, releasingFrom: &frames)
        observer.dropped(lost, byteCount: waiting - connections[slot].outbound.byteCount, .slow)
    }

    private mutating func leaveChannels(_ slot: SlotID, reactor: inout LoopReactor) {
        connections[slot].session?.leaveAll(into: &actions)
        perform(slot, reactor: &reactor)
    }

    private mutating func cancelTimers(_ slot: SlotID, reactor: inout LoopReactor) {
        for timer in connections[slot].timers { reactor.cancel(timer) }
    }

    /// The last of a connection.
    ///
    /// It may have ended for another reason before; that one stands.
    mutating func end(_ slot: SlotID, _ ending: ConnectionEnding, reactor: inout LoopReactor) {
        if connections[slot].record.ending == nil { connections[slot].record.ending = ending }
        if !taps.isEmpty { tapClosed(slot, at: reactor.now) }
        leaveChannels(slot, reactor: &reactor)
        cancelTimers(slot, reactor: &reactor)
        reactor.close(connections[slot].descriptor)
        if connections[slot].isWriteBlocked { observer.writeBlocked(false) }
        let waiting = connections[slot].outbound.byteCount
        let lost = connections[slot].outbound.removeAll(releasingFrom: &frames)
        observer.dropped(lost, byteCount: waiting, .closed)
        observer.closed(connections[slot], now: reactor.now)
        traffic.closed(connections[slot])
        settings.addresses.release(addressKey(connections[slot].peer))
        settings.admission.release()
        _ = connections.remove(slot)
    }
}

extension Connection {
    var timers: [TimerID] { [deadline, pingTimer, pongTimer, expiryTimer, writeTimer] }
}
