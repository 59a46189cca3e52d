import BelfryAuth
import BelfryBytes
import BelfryHTTP
import BelfryHub
import BelfryObserve
import BelfryProtocol
import BelfryReactor
import BelfrySession
import BelfryTLS

// From the request head to 101, or to an answer in plain HTTP.

extension LoopWorker where K: Kernel {
    mutating func readHead(_ slot: SlotID, reactor: inout LoopReactor) -> Leftover {
        while true {
            switch readPlaintext(slot) {
            case .progressed(let count):
                connections[slot].record.bytesIn += UInt64(count)
                do {
                    let head = try connections[slot].head.consume(plaintext, upTo: count)
                    guard let head else { continue }
                    respond(slot, to: head, count: count, reactor: &reactor)
                } catch {
                    refuse(slot, error, reactor: &reactor)
                }
                return .drained
            case .needsRead, .needsWrite: return .drained
            case .budgetSpent: return .more
            case .peerClosed, .truncated:
                end(slot, ConnectionEnding(by: .client, reason: .lost), reactor: &reactor)
                return .drained
            case .failed(let failure):
                fail(slot, failure, reactor: &reactor)
                return .drained
            }
        }
    }

    /// Decrypts what came into the loop's plaintext buffer.
    mutating func readPlaintext(_ slot: SlotID) -> TLSStep {
        let descriptor = connections[slot].descriptor.rawValue
        guard let step = connections[slot].tls?.read(into: &plaintext, from: 0, on: descriptor) else {
            preconditionFailure("reading without a session")
        }
        return step
    }
}

extension RequestHeadParser {
    fileprivate mutating func consume(
        _ buffer: borrowing [UInt8], upTo count: Int
    ) throws(HTTPRefusal) -> (head: RequestHead, consumed: Int)? {
        try consume(buffer.span.extracting(0..<count))
    }
}

// MARK: - Answers

extension LoopWorker where K: Kernel {
    private mutating func respond(
        _ slot: SlotID, to parsed: (head: RequestHead, consumed: Int), count: Int, reactor: inout LoopReactor
    ) {
        // RFC 6455, 4.1: a client waits for the 101. What comes before it may be meant for somebody in between.
        guard parsed.consumed == count else { return refuse(slot, .secondRequest, reactor: &reactor) }
        do {
            switch try Route.find(parsed.head, servesGuests: settings.demo != nil) {
            case .welcome: welcome(slot, parsed.head, reactor: &reactor)
            case .guestToken: giveGuestToken(slot, parsed.head, reactor: &reactor)
            case .health:
                let state = drain == nil ? HealthState.ok : .draining
                answer(slot, .health(state), to: parsed.head, reactor: &reactor)
            case .webSocket: upgrade(slot, parsed.head, reactor: &reactor)
            }
        } catch {
            refuse(slot, error, reactor: &reactor)
        }
    }

    private mutating func upgrade(_ slot: SlotID, _ head: RequestHead, reactor: inout LoopReactor) {
        guard drain == nil else {
            observer.upgraded(.unavailable)
            return refuse(slot, .unavailable(retryAfterSeconds: 1), reactor: &reactor)
        }
        switch WebSocketUpgrade.decide(head, settings.upgrade) {
        case .refuse(let refusal):
            observer.upgraded(refusal.result)
            refuse(slot, .upgrade(refusal), origin: head.value("Origin"), reactor: &reactor)
        case .accept(let upgrade):
            guard let bearer = upgrade.bearer, case .relay = settings.application else {
                return switchProtocols(slot, upgrade, token: nil, reactor: &reactor)
            }
            connections[slot].upgrade = upgrade
            enter(.authorizing, slot)
            tokens.append(TokenJob(slot: slot, purpose: .upgrade, token: Array(bearer.text.utf8)))
        }
    }

    /// The token of the upgrade request has been verified.
    mutating func judgeUpgrade(
        _ slot: SlotID, _ result: Result<ConnectionToken, TokenRefusal>, reactor: inout LoopReactor
    ) {
        guard connections[slot].phase == .authorizing, let upgrade = connections[slot].upgrade else { return }
        connections[slot].upgrade = nil
        switch result {
        case .success(let token): switchProtocols(slot, upgrade, token: token, reactor: &reactor)
        case .failure(let refusal):
            if !taps.isEmpty { tapFact(.tokenRefused(refusal), slot, at: reactor.now) }
            observer.tokenRefused(refusal, evidence, connections[slot], now: reactor.now)
            traffic.refused(evidence, connections[slot].peer)
            observer.upgraded(.credentials)
            refuse(
                slot, refusal.isTemporary ? .unavailable(retryAfterSeconds: 1) : .unauthorized,
                reactor: &reactor)
        }
    }

    private mutating func switchProtocols(
        _ slot: SlotID, _ upgrade: AcceptedUpgrade, token: ConnectionToken?, reactor: inout LoopReactor
    ) {
        let response = HTTPResponse.switchingProtocols(upgrade, sha1: Digest.sha1)
        observer.upgraded(.accepted)
        observer.responded(101, listener: connections[slot].listener)
        enqueue(slot, OutboundFrame(bytes: response.encoded()))
        enter(.open, slot)
        connections[slot].head = RequestHeadParser()
        if let deflate = upgrade.deflate { beginCompression(slot, deflate) }
        reactor.cancel(connections[slot].deadline)
        connections[slot].deadline = .none
        guard case .relay(let policy) = settings.application else { return readOn(slot, reactor: &reactor) }
        // A ticket costs as much as it saves the server: it is for clients that stay (decision 0006).
        connections[slot].tls?.holdsTicketBack = settings.pingInterval > .zero
        connections[slot].session = ClientSession(
            client: connections[slot].id, subscriber: SubscriberID(loop: index, connection: slot.token),
            upgradeToken: token, codec: upgrade.codec == .protobuf ? .protobuf : .json,
            takesCompressed: upgrade.deflate != nil, usesNativePing: upgrade.usesNativePing, policy: policy)
        connections[slot].nativePings = upgrade.usesNativePing ? 0 : nil
        connections[slot].deadline = reactor.arm(
            TimerKind.deadline, for: slot, after: settings.connectDeadline)
        readOn(slot, reactor: &reactor)
    }

    mutating func refuse(
        _ slot: SlotID, _ refusal: HTTPRefusal, origin: String? = nil, reactor: inout LoopReactor
    ) {
        observer.upgradeRefused(refusal, origin: origin, connections[slot], now: reactor.now)
        let response = HTTPResponse.refusal(refusal)
        send(slot, response.status, response.encoded(), reactor: &reactor)
    }

    mutating func answer(
        _ slot: SlotID, _ response: HTTPResponse, to head: RequestHead, reactor: inout LoopReactor
    ) {
        send(slot, response.status, response.encoded(for: head.method), reactor: &reactor)
    }

    /// The last of a connection that speaks plain HTTP.
    mutating func send(
        _ slot: SlotID, _ status: HTTPStatus, _ bytes: [UInt8], reactor: inout LoopReactor
    ) {
        observer.responded(status.rawValue, listener: connections[slot].listener)
        enqueue(slot, OutboundFrame(bytes: bytes))
        beginClosing(
            slot, ConnectionEnding(by: .server, reason: .http), waitsForPeer: false, reactor: &reactor)
    }
}
