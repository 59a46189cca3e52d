import BelfryAuth
import BelfryObserve
import BelfryProtocol
import BelfryReactor
import BelfrySession
import BelfryTLS

// Who is not let in, and who has to go. Each loop has the list to itself, and gets a new one by mail.

extension LoopWorker where K: Kernel {
    /// Connections looked at in one go: 0.1 ms when none of them is meant.
    private static var cutSlice: Int { 1_024 }
    /// Connections closed in one go: under 3 ms with their close frames, and 10,000 in half a second.
    private static var cutMost: Int { 64 }

    func isBlocked(_ peer: PeerAddress) -> Bool {
        guard !denials.list.isEmpty else { return false }
        return denials.list.refuses(
            addressHigh: peer.ip.high, low: peer.ip.low, at: settings.unixSeconds())
    }

    /// What becomes of a good token once it is known who shows it.
    func reviewed(_ verdict: TokenVerdict) -> TokenVerdict {
        guard let (user, proof) = verdict.outcome.bearer else { return verdict }
        if !isShown(proof, by: verdict.slot) { return verdict.refused(.binding, proof) }
        guard !denials.list.isEmpty else { return verdict }
        let refusal = denials.list.refusal(of: proof.mark, user: user, at: settings.unixSeconds())
        return refusal.map { verdict.refused($0, proof) } ?? verdict
    }

    /// Whether the connection has the certificate that the token is bound to (RFC 8705, 3).
    private func isShown(_ proof: TokenProof, by slot: SlotID) -> Bool {
        switch proof.binding {
        case .none: return true
        case .other: return false
        case .certificate(let hash):
            guard let shown = connections[slot].record.clientThumbprint else { return false }
            return Digest.isEqual(hash.span, shown.span)
        }
    }

    mutating func take(_ notice: DenyNotice, reactor: inout LoopReactor) {
        if notice.snapshot.version > denials.version { denials = notice.snapshot }
        guard let cut = notice.cut else { return }
        guard let denial = cut.denial else { return cut.add(closed: 0) }
        var next = notice
        var (looked, closed) = (0, 0)
        while looked < Self.cutSlice, closed < Self.cutMost, let slot = connections.live(from: next.cursor) {
            next.cursor = slot.index + 1
            looked += 1
            if self.cut(slot, by: denial, reactor: &reactor) { closed += 1 }
        }
        next.closed += closed
        guard connections.live(from: next.cursor) == nil else { return reactor.postToSelf(.deny(next)) }
        cut.add(closed: next.closed)
    }

    /// - Returns: Whether the connection is being closed for it.
    private mutating func cut(_ slot: SlotID, by denial: Denial, reactor: inout LoopReactor) -> Bool {
        guard connections[slot].isHere(by: denial) else {
            endSubscriptions(slot, by: denial, reactor: &reactor)
            return false
        }
        let forced = ConnectionEnding(by: .server, reason: .forced)
        switch connections[slot].phase {
        case .closing, .lingering: return false
        case .hello, .handshake:
            observer.handshakeFailed(TLSFailure(.closed), connections[slot], now: reactor.now)
            end(slot, forced, reactor: &reactor)
        case .head, .authorizing: end(slot, forced, reactor: &reactor)
        case .open:
            connections[slot].session?.close(denial.disconnectCode, into: &actions)
            if connections[slot].session == nil { disconnect(slot, denial.disconnectCode, reactor: &reactor) }
            perform(slot, reactor: &reactor)
        }
        return true
    }

    private mutating func endSubscriptions(
        _ slot: SlotID, by denial: Denial, reactor: inout LoopReactor
    ) {
        guard connections[slot].phase == .open, connections[slot].channelCount > 0 else { return }
        let clock = clock(reactor)
        guard connections[slot].session?.endSubscriptions(by: denial, at: clock, into: &actions) == true
        else { return }
        perform(slot, reactor: &reactor)
        rearmExpiry(slot, reactor: &reactor)
    }
}

extension Connection {
    /// A connection that has no session yet is meant by its address alone: its token is still to be judged.
    fileprivate func isHere(by denial: Denial) -> Bool {
        denial.covers(addressHigh: peer.ip.high, low: peer.ip.low) || session?.isHere(by: denial) == true
    }
}

extension Denial {
    /// SDKs do not come back after either (protocol.md 15.1).
    fileprivate var disconnectCode: DisconnectCode {
        switch target {
        case .token, .tokens: .invalidToken
        case .user, .addresses: .forceDisconnect
        }
    }
}

extension TokenVerdict {
    fileprivate func refused(_ refusal: TokenRefusal, _ proof: TokenProof) -> TokenVerdict {
        TokenVerdict(
            slot: slot, outcome: outcome.refused(refusal), evidence: TokenEvidence(proof), duration: duration)
    }
}

extension TokenVerdict.Outcome {
    /// Whom a good token is for, and how it was verified.
    fileprivate var bearer: (user: String, proof: TokenProof)? {
        switch self {
        case .connection(.success(let token)), .upgrade(.success(let token)): (token.user, token.proof)
        case .subscription(.success(let token)): (token.user, token.proof)
        case .connection(.failure), .upgrade(.failure), .subscription(.failure): nil
        }
    }

    fileprivate func refused(_ refusal: TokenRefusal) -> Self {
        switch self {
        case .connection: .connection(.failure(refusal))
        case .subscription: .subscription(.failure(refusal))
        case .upgrade: .upgrade(.failure(refusal))
        }
    }
}
