import BelfryObserve
import BelfryReactor
import BelfryTLS

// From the first byte to an open TLS session.

extension LoopWorker where K: Kernel {
    /// - `hasHungUp`: The end of the stream waits behind the bytes, and no further edge will tell of it.
    mutating func readHello(_ slot: SlotID, hasHungUp: Bool, reactor: inout LoopReactor) -> Leftover {
        let descriptor = connections[slot].descriptor.rawValue
        switch connections[slot].gate.receive(from: descriptor, through: transport) {
        case .needsRead: return hasHungUp ? .more : .drained
        case .complete(let hello): return beginHandshake(slot, hello, reactor: &reactor)
        case .refused(let refusal):
            transport.sendClear(refusal.answer, to: descriptor)
            failHandshake(slot, refusal.failure, reactor: &reactor)
        case .closed(let failure): failHandshake(slot, failure, reactor: &reactor)
        }
        return .drained
    }

    private mutating func beginHandshake(
        _ slot: SlotID, _ hello: ClientHello, reactor: inout LoopReactor
    ) -> Leftover {
        let fingerprint = fingerprints.ja4(of: hello) { Digest.sha256($0.span) }
        connections[slot].record.helloFingerprint = fingerprint
        if let offer = hello.legacyOffer {
            observer.offeredLegacy(offer, fingerprint, connections[slot])
            traffic.offeredLegacy(connections[slot].peer)
        }
        let bytes = connections[slot].gate.takeBytes()
        do {
            connections[slot].tls = try TLSSession(
                context: tls, transport: transport, helloBytes: bytes, serverName: hello.serverName)
        } catch {
            failHandshake(slot, error, reactor: &reactor)
            return .drained
        }
        enter(.handshake, slot)
        return continueHandshake(slot, reactor: &reactor)
    }

    mutating func continueHandshake(_ slot: SlotID, reactor: inout LoopReactor) -> Leftover {
        let descriptor = connections[slot].descriptor.rawValue
        switch connections[slot].tls?.handshake(on: descriptor) {
        case .needsRead?, .needsWrite?: return .drained
        case .budgetSpent?: return .more
        case .done(let summary)?:
            connections[slot].record.tlsVersion = summary.version
            connections[slot].record.tlsCipher = summary.cipher
            connections[slot].record.clientThumbprint = summary.clientThumbprint
            observer.handshakeDone(summary, connections[slot], now: reactor.now)
            enter(.head, slot)
            return readHead(slot, reactor: &reactor)
        case .failed(let failure)?: failHandshake(slot, failure, reactor: &reactor)
        case nil: preconditionFailure("a handshake without a session")
        }
        return .drained
    }

    mutating func failHandshake(_ slot: SlotID, _ failure: TLSFailure, reactor: inout LoopReactor) {
        observer.handshakeFailed(failure, connections[slot], now: reactor.now)
        traffic.handshakeFailed(connections[slot].peer)
        let by: ClosedBy = failure.reason == .timeout ? .server : .client
        end(slot, ConnectionEnding(by: by, reason: .tls), reactor: &reactor)
    }

    /// Connections from now on use `material`; those that live keep the certificates they began with.
    mutating func reload(_ material: TLSMaterial) {
        do {
            tls = try settings.makeTLSContext(material, replacing: tls)
        } catch {
            observer.reloadFailed(String(describing: error))
        }
    }

    mutating func enter(_ phase: ConnectionPhase, _ slot: SlotID) {
        observer.moved(
            from: connections[slot].phase, to: phase, wasAdmitted: connections[slot].isAdmitted)
        connections[slot].phase = phase
    }
}
