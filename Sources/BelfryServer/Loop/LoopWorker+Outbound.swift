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
        let waiting = connections[slot].outbound.byteCount
        if waiting > connections[slot].record.queueMaximum {
            connections[slot].record.queueMaximum = waiting
            if waiting > settings.queueBytesMax { overfull.append(slot) }
        }
        if !connections[slot].isTouched {
            connections[slot].isTouched = true
            touched.append(slot)
        }
        return true
    }

    mutating func flushTouched(reactor: inout LoopReactor) {
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
    }

    /// Writes until the queue is empty or the socket is full.
    mutating func flush(_ slot: SlotID, reactor: inout LoopReactor) {
        guard !connections[slot].isWriteBlocked else { return }
        while !connections[slot].outbound.isEmpty {
            switch writeOnce(slot) {
            case .progressed(let count): written(slot, count, now: reactor.kernel.now(), reactor: &reactor)
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
        guard connections[slot].writeTimer == .none else { return }
        connections[slot].writeTimer = reactor.arm(TimerKind.write, for: slot, after: settings.writeDeadline)
    }

    /// The socket takes more.
    mutating func unblock(_ slot: SlotID) {
        if connections[slot].isWriteBlocked { observer.writeBlocked(false) }
        connections[slot].isWriteBlocked = false
        guard !connections[slot].isTouched else { return }
        connections[slot].isTouched = true
        touched.append(slot)
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
