import BelfryBytes
import BelfryObserve
import BelfryReactor
import BelfryTLS

// What goes out: queued by reference during the tick, written once a connection at its end.

extension LoopWorker where K: Kernel {
    /// Queues a frame for one connection.
    mutating func enqueue(_ slot: SlotID, _ frame: OutboundFrame) {
        guard connections.contains(slot) else { return }
        let index = frames.insert(frame, holders: 1)
        guard append(index, frame.bytes.count, slot) else { return frames.release(index) }
        observer.queued(byteCount: frame.bytes.count)
    }

    /// Queues a frame that the table already holds; `false` when the connection takes no more.
    mutating func append(_ frame: FrameIndex, _ byteCount: Int, _ slot: SlotID) -> Bool {
        guard connections.contains(slot), connections[slot].takesFrames else { return false }
        connections[slot].outbound.append(frame, byteCount: byteCount)
        measureQueue(slot)
        touch(slot)
        return true
    }

    private mutating func measureQueue(_ slot: SlotID) {
        let waiting = connections[slot].outbound.byteCount
        guard waiting > connections[slot].record.queueMaximum else { return }
        connections[slot].record.queueMaximum = waiting
        if waiting > settings.queueBytesMax { overfull.append(slot) }
    }

    /// Queues the connect reply before what was held for it.
    mutating func release(_ slot: SlotID, _ frame: OutboundFrame) {
        guard connections.contains(slot), let place = connections[slot].replyPlace.take() else { return }
        let index = frames.insert(frame, holders: 1)
        connections[slot].outbound.insert(index, byteCount: frame.bytes.count, at: place)
        observer.queued(byteCount: frame.bytes.count)
        measureQueue(slot)
        touch(slot)
    }

    /// Forgets what waits behind a connect reply that will not come: nothing may reach the client before it.
    mutating func dropHeld(_ slot: SlotID) {
        guard let place = connections[slot].replyPlace.take() else { return }
        let waiting = connections[slot].outbound.byteCount
        let lost = connections[slot].outbound.removeAll(from: place, releasingFrom: &frames)
        observer.dropped(lost, byteCount: waiting - connections[slot].outbound.byteCount, .closed)
    }

    /// Has the connection flushed at the end of this tick.
    private mutating func touch(_ slot: SlotID) {
        guard !connections[slot].isTouched else { return }
        connections[slot].isTouched = true
        touched.append(slot)
    }

    mutating func flushTouched(reactor: inout LoopReactor) {
        guard !touched.isEmpty else { return }
        wroteAt = reactor.kernel.now()
        // What a flush touches again (a close after an error) goes out in this tick as well.
        var position = 0
        while position < touched.count {
            let slot = touched[position]
            position += 1
            guard connections.contains(slot) else { continue }
            connections[slot].isTouched = false
            flush(slot, reactor: &reactor)
        }
        touched.removeAll(keepingCapacity: true)
        tellSlowest(reactor)
    }

    /// The slowest delivery of this tick, once a second: whoever looks at a histogram's tail wants a name.
    private mutating func tellSlowest(_ reactor: borrowing LoopReactor) {
        guard let (slot, latency) = slowest.take(), wroteAt >= nextExemplar, connections.contains(slot) else {
            return
        }
        nextExemplar = wroteAt + .seconds(1)
        observer.slowestDelivery(latency, connections[slot], unixSeconds: settings.unixSeconds())
    }

    /// Writes until the queue is empty or the socket is full.
    mutating func flush(_ slot: SlotID, reactor: inout LoopReactor) {
        guard !connections[slot].isWriteBlocked, connections[slot].replyPlace == nil else { return }
        while !connections[slot].outbound.isEmpty {
            let queuedAt = frames.queuedAt(connections[slot].outbound.first)
            switch writeOnce(slot) {
            case .progressed(let count):
                let now = reactor.kernel.now()
                if let queuedAt { observer.wrote(after: wroteAt - queuedAt, in: now - wroteAt) }
                wroteAt = now
                written(slot, count, now: now, reactor: &reactor)
            case .needsWrite, .needsRead, .budgetSpent: return block(slot, reactor: &reactor)
            case .peerClosed, .truncated:
                return end(
                    slot, ConnectionEnding(by: .client, reason: .lost), reactor: &reactor)
            case .failed(let failure): return fail(slot, failure, reactor: &reactor)
            }
        }
        if connections[slot].closesWhenFlushed { finish(slot, reactor: &reactor) }
    }

    /// One frame is written from where it lies; several are put together into one record.
    private mutating func writeOnce(_ slot: SlotID) -> TLSStep {
        gathered.removeAll(keepingCapacity: true)
        return connections[slot].write(from: frames, gathering: &gathered)
    }

    private mutating func written(
        _ slot: SlotID, _ count: Int, now: Instant, reactor: inout LoopReactor
    ) {
        connections[slot].record.bytesOut += UInt64(count)
        observer.plaintextSent(count)
        var delivered = 0
        connections[slot].outbound.advance(by: count, releasingFrom: &frames) { receivedAt in
            delivered += 1
            observer.delivered(after: now - receivedAt)
            if now - receivedAt > slowest?.latency ?? .zero { slowest = (slot, now - receivedAt) }
        }
        connections[slot].record.messagesOut += UInt64(delivered)
        if connections[slot].writeTimer != .none {
            reactor.cancel(connections[slot].writeTimer)
            connections[slot].writeTimer = .none
        }
    }

    private mutating func block(_ slot: SlotID, reactor: inout LoopReactor) {
        connections[slot].isWriteBlocked = true
        observer.writeBlocked(true)
        traffic.blocked(slot, &connections[slot])
        guard connections[slot].writeTimer == .none else { return }
        connections[slot].writeTimer = reactor.arm(TimerKind.write, for: slot, after: settings.writeDeadline)
    }

    /// The socket takes more.
    mutating func unblock(_ slot: SlotID) {
        if connections[slot].isWriteBlocked { observer.writeBlocked(false) }
        connections[slot].isWriteBlocked = false
        touch(slot)
    }
}

extension Connection {
    fileprivate mutating func write(
        from frames: borrowing FrameTable, gathering scratch: inout [UInt8]
    ) -> TLSStep {
        let step = tls?.write(outbound, from: frames, gathering: &scratch, on: descriptor.rawValue)
        guard let step else { preconditionFailure("writing without a session") }
        return step
    }

    /// Nothing is queued behind the last word.
    var takesFrames: Bool {
        switch phase {
        case .hello, .handshake, .closing, .lingering: false
        case .head, .authorizing, .open: true
        }
    }
}
