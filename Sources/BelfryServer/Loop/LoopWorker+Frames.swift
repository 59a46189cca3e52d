import BelfryBytes
import BelfryObserve
import BelfryReactor
import BelfrySession
import BelfryTLS
import BelfryWebSocket

// Plaintext to frames to messages. A message that lies whole in one read is handled where it lies.

extension LoopWorker where K: Kernel {
    mutating func readFrames(_ slot: SlotID, reactor: inout LoopReactor) -> Leftover {
        // Bytes wait in the socket, where they cost the peer and not us, while a token is being verified.
        guard !connections[slot].isWaiting else {
            connections[slot].tls?.skipReadiness()
            return .drained
        }
        compression?.beginTurn()
        if connections[slot].parked != nil {
            // The turn may have come with a readiness: what brought it is read in the next.
            connections[slot].tls?.skipReadiness()
            unpark(slot, reactor: &reactor)
            return .drained
        }
        while true {
            switch readPlaintext(slot) {
            case .progressed(let count):
                observer.plaintextReceived(count)
                connections[slot].record.bytesIn += UInt64(count)
                connections[slot].record.lastActivity = reactor.now
                consume(slot, count: count, reactor: &reactor)
                guard connections.contains(slot), !connections[slot].isWaiting else {
                    return .drained
                }
                if compression?.isTurnOver == true { return .more }
            case .needsRead, .needsWrite: return .drained
            case .budgetSpent: return .more
            case .peerClosed: return peerLeft(slot, reactor: &reactor)
            case .truncated:
                observer.glitch(.truncatedTls, &connections[slot])
                return peerLeft(slot, reactor: &reactor)
            case .failed(let failure):
                fail(slot, failure, reactor: &reactor)
                return .drained
            }
        }
    }

    /// Decodes the first `count` bytes of the loop's plaintext.
    ///
    /// What is left at the end of the turn, or behind a token that must be verified first, is parked.
    mutating func consume(_ slot: SlotID, count: Int, reactor: inout LoopReactor) {
        var offset = 0
        while connections.contains(slot), connections[slot].acceptsFrames {
            do {
                guard
                    let event = try connections[slot].decoder.next(in: &plaintext, upTo: count, at: &offset)
                else { return }
                handle(event, slot, reactor: &reactor)
            } catch {
                return violate(slot, error, reactor: &reactor)
            }
            guard connections.contains(slot) else { return }
            if connections[slot].isWaiting || compression?.isTurnOver == true {
                return park(slot, plaintext[offset..<count])
            }
        }
    }

    private mutating func handle(_ event: FrameEvent, _ slot: SlotID, reactor: inout LoopReactor) {
        observer.frameReceived(event)
        switch event {
        case .message(let opcode, .inPlace(let range)):
            handleMessage(slot, opcode, in: range, reactor: &reactor)
        case .message(let opcode, .assembled):
            let message = connections[slot].decoder.takeMessage()
            handleMessage(slot, opcode, message, reactor: &reactor)
        case .deflatedMessage(let opcode, let location):
            inflateMessage(slot, opcode, location, reactor: &reactor)
        case .ping(let payload):
            if connections[slot].session != nil { observer.glitch(.clientPing, &connections[slot]) }
            observer.frameSent(.pong)
            enqueue(slot, OutboundFrame(bytes: FrameEncoder.frame(opcode: .pong, payload: payload.span)))
        case .pong: nativePong(slot, now: reactor.now)
        case .close(let frame): peerSaidClose(slot, frame, reactor: &reactor)
        }
    }

    private mutating func handleMessage(
        _ slot: SlotID, _ opcode: Opcode, in range: Range<Int>, reactor: inout LoopReactor
    ) {
        if case .echo = settings.application {
            let frame = FrameEncoder.frame(opcode: opcode, payload: plaintext.span.extracting(range))
            return enqueue(slot, OutboundFrame(bytes: packed(frame, for: slot)))
        }
        beginMessage(slot)
        runCommands(slot, in: .plaintext(range), reactor: &reactor)
    }

    private mutating func handleMessage(
        _ slot: SlotID, _ opcode: Opcode, _ message: [UInt8], reactor: inout LoopReactor
    ) {
        if case .echo = settings.application {
            let frame = FrameEncoder.frame(opcode: opcode, payload: message.span)
            return enqueue(slot, OutboundFrame(bytes: packed(frame, for: slot)))
        }
        beginMessage(slot)
        runCommands(slot, in: .own(message), reactor: &reactor)
    }

    private mutating func inflateMessage(
        _ slot: SlotID, _ opcode: Opcode, _ location: MessageLocation, reactor: inout LoopReactor
    ) {
        // Behind our close frame only the peer's is of interest.
        guard connections[slot].phase == .open else { return }
        do {
            let message = try inflate(opcode, location, of: slot)
            handleMessage(slot, opcode, message, reactor: &reactor)
        } catch {
            connections[slot].decoder.abandon()
            violate(slot, error, reactor: &reactor)
        }
    }

    /// The peer broke RFC 6455: the answers to what came before go out, then our close frame.
    private mutating func violate(_ slot: SlotID, _ error: FrameError, reactor: inout LoopReactor) {
        observer.protocolError(error, connections[slot], now: reactor.now)
        let ending = ConnectionEnding(by: .server, code: error.closeCode.rawValue)
        sendClose(slot, error.closeCode, error.reason, ending, reactor: &reactor)
    }

    private mutating func park(_ slot: SlotID, _ rest: ArraySlice<UInt8>) {
        guard !rest.isEmpty else { return }
        if connections[slot].parked == nil { connections[slot].parked = ParkedInput() }
        connections[slot].parked?.plaintext = Array(rest)
    }

    /// A token has been judged: handles what waited for it, then reads on.
    mutating func unpark(_ slot: SlotID, reactor: inout LoopReactor) {
        if let parked = connections[slot].parked {
            connections[slot].parked = nil
            if !parked.message.isEmpty {
                runCommands(
                    slot, in: .own(parked.message), from: parked.messageOffset, after: parked.commandCount,
                    reactor: &reactor)
            }
            guard connections.contains(slot) else { return }
            if connections[slot].isWaiting {
                return park(slot, parked.plaintext[...])
            }
            plaintext.replaceSubrange(0..<parked.plaintext.count, with: parked.plaintext)
            consume(slot, count: parked.plaintext.count, reactor: &reactor)
        }
        guard connections.contains(slot) else { return }
        // Parked again by the end of its turn: it has another, whatever the socket holds.
        if connections[slot].parked != nil, !connections[slot].isWaiting { return reactor.runAgain(slot) }
        readOn(slot, reactor: &reactor)
    }

    /// Has the connection read again, if what it has not read would bring no further readiness.
    mutating func readOn(_ slot: SlotID, reactor: inout LoopReactor) {
        if connections[slot].tls?.isSocketEmpty != true { reactor.runAgain(slot) }
    }
}

extension FrameDecoder {
    /// The next event of the first `count` bytes of a buffer.
    fileprivate mutating func next(
        in buffer: inout [UInt8], upTo count: Int, at offset: inout Int
    ) throws(FrameError) -> FrameEvent? {
        var input = buffer.mutableSpan
        // The toolchain's name for what was `extracting` before lifetimes could be checked.
        var unread = input._mutatingExtracting(0..<count)
        return try next(&unread, at: &offset)
    }
}

extension Connection {
    /// Frames are still listened to: after our close frame, only for the peer's.
    var acceptsFrames: Bool { (phase == .open || phase == .closing) && !decoder.isClosed }
}
