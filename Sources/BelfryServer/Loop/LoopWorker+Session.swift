import BelfryBytes
import BelfryHub
import BelfryObserve
import BelfryProtocol
import BelfryReactor
import BelfrySession
import BelfryWebSocket

// Messages to commands, and what the session wants done about them.

/// Where a message lies.
enum MessageBytes {
    /// In the loop's plaintext buffer.
    case plaintext(Range<Int>)
    case own([UInt8])
}

extension LoopWorker where K: Kernel {
    mutating func beginMessage(_ slot: SlotID) {
        connections[slot].record.messagesIn += 1
        connections[slot].session?.beginMessage()
    }

    /// Feeds a message's commands to the session, up to the end or to the first token that must be verified.
    mutating func runCommands(
        _ slot: SlotID, in message: MessageBytes, from offset: Int = 0, after count: Int = 0,
        reactor: inout LoopReactor
    ) {
        var reader = CommandReader(
            codec: connections[slot].codec, from: offset, commandCount: count,
            commandsMax: settings.commandsPerMessage)
        while connections.contains(slot), connections[slot].phase == .open {
            if connections[slot].isWaiting { return park(slot, message, reader) }
            do {
                let began = reactor.kernel.now()
                guard let command = try next(&reader, in: message) else { return }
                let decoded = reactor.kernel.now()
                if !taps.isEmpty { tapCommand(command, slot, at: reactor.now) }
                let clock = clock(reactor)
                connections[slot].session?.handle(command, at: clock, into: &actions)
                if command.isPublish {
                    observer.published(decodedIn: decoded - began, judgedIn: reactor.kernel.now() - decoded)
                }
            } catch {
                observer.commandMalformed(error, connections[slot], now: reactor.now)
                connections[slot].session?.close(error.disconnect, into: &actions)
            }
            perform(slot, reactor: &reactor)
        }
    }

    private func next(
        _ reader: inout CommandReader, in message: MessageBytes
    ) throws(CommandError) -> Command? {
        switch message {
        case .plaintext(let range): try reader.next(in: plaintext.span.extracting(range))
        case .own(let bytes): try reader.next(in: bytes.span)
        }
    }

    private mutating func park(_ slot: SlotID, _ message: MessageBytes, _ reader: CommandReader) {
        var parked = connections[slot].parked ?? ParkedInput()
        switch message {
        case .plaintext(let range): parked.message = Array(plaintext[range])
        case .own(let bytes): parked.message = bytes
        }
        guard !reader.isAtEnd(of: parked.message.span) else { return }
        parked.messageOffset = reader.offset
        parked.commandCount = reader.commandCount
        connections[slot].parked = parked
    }

    /// Does what the session has asked for, in order.
    mutating func perform(_ slot: SlotID, reactor: inout LoopReactor) {
        guard !actions.isEmpty else { return }
        // Taken out, since an action may make the session ask for more; given back, to keep its storage.
        var batch: [SessionAction] = []
        swap(&batch, &actions)
        for index in batch.indices where connections.contains(slot) {
            // Moved, not copied: another takes its place.
            var action = SessionAction.hold
            swap(&action, &batch[index])
            perform(action, slot, reactor: &reactor)
        }
        batch.removeAll(keepingCapacity: true)
        if actions.isEmpty { swap(&batch, &actions) }
    }

    private mutating func perform(_ action: SessionAction, _ slot: SlotID, reactor: inout LoopReactor) {
        switch action {
        case .send(let message):
            if !taps.isEmpty { tapSent(message, slot, at: reactor.now) }
            enqueue(slot, frame(message, for: slot))
        case .hold: connections[slot].replyPlace = connections[slot].outbound.count
        case .release(let message):
            if !taps.isEmpty { tapSent(message, slot, at: reactor.now) }
            release(slot, frame(message, for: slot))
        case .verifyConnection(let token):
            tokens.append(TokenJob(slot: slot, purpose: .connection, token: token.bytes))
        case .verifySubscription(let token):
            tokens.append(TokenJob(slot: slot, purpose: .subscription, token: token.bytes))
        case .ask(let request):
            noteTraffic(request, slot)
            route(request, reactor: &reactor)
        case .join(let channel, let options, let after):
            members.join(Member(connection: slot.token, options, startsAfter: after), channel: channel)
            if !taps.isEmpty { tapJoined(channel, slot, at: reactor.now) }
            noteRooms(slot)
            rearmExpiry(slot, reactor: &reactor)
        case .leave(let channel):
            let isMember = members.leave(connection: slot.token, channel: channel)
            if isMember, !taps.isEmpty { tapLeft(channel, slot, at: reactor.now) }
        case .admitted: admitted(slot, reactor: &reactor)
        case .awaitClose:
            reactor.cancel(connections[slot].deadline)
            connections[slot].deadline = reactor.arm(TimerKind.deadline, for: slot, after: .seconds(5))
        case .close(let code): disconnect(slot, code, reactor: &reactor)
        case .ponged: ponged(slot, now: reactor.now)
        case .note(let fact): observe(fact, slot, reactor: &reactor)
        }
    }

    private mutating func frame(_ message: [UInt8], for slot: SlotID) -> OutboundFrame {
        let isText = connections[slot].codec.isText
        observer.frameSent(isText ? .text : .binary)
        let frame = FrameEncoder.frame(opcode: isText ? .text : .binary, payload: message.span)
        return OutboundFrame(bytes: packed(frame, for: slot))
    }

    private mutating func admitted(_ slot: SlotID, reactor: inout LoopReactor) {
        reactor.cancel(connections[slot].deadline)
        connections[slot].deadline = .none
        observer.clientAdmitted()
        connections[slot].record.wasAdmitted = true
        armFirstPing(slot, reactor: &reactor)
        rearmExpiry(slot, reactor: &reactor)
    }

    private mutating func noteRooms(_ slot: SlotID) {
        let rooms = connections[slot].channelCount
        connections[slot].record.roomsMaximum = max(connections[slot].record.roomsMaximum, rooms)
    }

    private mutating func observe(_ fact: SessionFact, _ slot: SlotID, reactor: inout LoopReactor) {
        traffic.note(fact, evidence, &connections[slot])
        if !taps.isEmpty { tapFact(fact, slot, at: reactor.now) }
        observer.session(fact, evidence, &connections[slot], now: reactor.now)
    }

    /// The verdict on a token, from the token desk.
    mutating func judge(_ verdict: TokenVerdict, reactor: inout LoopReactor) {
        observer.tokenJudged(verdict)
        let slot = verdict.slot
        guard connections.contains(slot) else { return }
        let verdict = reviewed(verdict)
        let clock = clock(reactor)
        evidence = verdict
        defer { evidence = nil }
        switch verdict.outcome {
        case .upgrade(let result): return judgeUpgrade(slot, result, reactor: &reactor)
        case .connection(let result):
            connections[slot].session?.verified(connection: result, at: clock, into: &actions)
        case .subscription(let result):
            connections[slot].session?.verified(subscription: result, at: clock, into: &actions)
        }
        perform(slot, reactor: &reactor)
        rearmExpiry(slot, reactor: &reactor)
        if connections.contains(slot) { unpark(slot, reactor: &reactor) }
    }

    /// Has the tokens verified that this tick collected.
    mutating func handInTokens(reactor: inout LoopReactor) {
        guard !tokens.isEmpty else { return }
        if let verdicts = settings.tokens.verifyAtOnce(tokens) {
            tokens.removeAll(keepingCapacity: true)
            for verdict in verdicts { judge(verdict, reactor: &reactor) }
        }
        handOverTokens()
    }

    /// To the verifying threads: also what a verdict has brought up in this tick, lest one peer keep the loop.
    private mutating func handOverTokens() {
        guard !tokens.isEmpty else { return }
        let mailbox = settings.mailboxes[index]
        settings.tokens.verify(tokens) { verdicts in
            // Refused only when the loop has stopped, and with it everybody who waits for a verdict.
            _ = mailbox.post(.verified(verdicts))
        }
        tokens.removeAll(keepingCapacity: true)
    }
}
