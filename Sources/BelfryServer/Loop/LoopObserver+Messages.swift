import BelfryAuth
import BelfryBroker
import BelfryBytes
import BelfryHub
import BelfryLimits
import BelfryObserve
import BelfryProtocol
import BelfrySession
import BelfryWebSocket

// Frames, commands, deliveries.

extension LoopObserver {
    // MARK: Frames

    func plaintextReceived(_ count: Int) { shard.add(UInt64(count), to: .receivedBytes(.payload)) }
    func plaintextSent(_ count: Int) {
        shard.add(UInt64(count), to: .sentBytes(.payload))
        shard.adjust(.outboundQueueBytes, by: -Int64(count))
    }
    func frameSent(_ opcode: FrameOpcode) { shard.count(.framesSent(opcode)) }

    func frameReceived(_ event: FrameEvent) {
        let opcode: FrameOpcode =
            switch event {
            case .message(.binary, _): .binary
            case .message: .text
            case .ping: .ping
            case .pong: .pong
            case .close: .close
            }
        shard.count(.framesReceived(opcode))
    }

    func protocolError(_ error: FrameError, _ connection: borrowing Connection, now: Instant) {
        shard.count(.wsProtocolErrors(FrameFault(error.kind)))
        sink.record(
            .wsProtocolError(
                context(connection), subject: subject(connection), kind: error.kind.rawValue,
                closeCode: error.closeCode.rawValue))
    }

    func roundTrip(_ duration: Duration) { shard.observe(duration.metric, in: .wsPingRTT) }

    // MARK: Deliveries

    /// One publication, in whatever forms.
    func fannedOut(to recipients: Int) {
        shard.observe(UInt64(recipients), in: .fanoutRecipients)
        shard.adjust(.outboundQueueMessages, by: Int64(recipients))
    }

    func historyKept(_ usage: HistoryUsage) {
        shard.set(.historyStreams, to: Int64(usage.streams))
        shard.set(.historyPublications, to: Int64(usage.publications))
        shard.set(.historyBytes, to: Int64(usage.byteCount))
        shard.mirror(usage.shedPublications, in: .historyShed(.publication))
        shard.mirror(usage.shedStreams, in: .historyShed(.stream))
    }

    /// One form of a publication, a join or a leave.
    func pushed(to recipients: Int, byteCount: Int, isText: Bool) {
        shard.adjust(.outboundQueueBytes, by: Int64(recipients * byteCount))
        shard.add(UInt64(recipients), to: .framesSent(isText ? .text : .binary))
    }

    func queued(byteCount: Int) { shard.adjust(.outboundQueueBytes, by: Int64(byteCount)) }

    /// The socket of a connection is full, or takes more again.
    func writeBlocked(_ isBlocked: Bool) { shard.adjust(.slowConsumers, by: isBlocked ? 1 : -1) }

    func glitch(_ kind: Glitch, _ connection: inout Connection) {
        connection.record.glitches += 1
        shard.count(.connectionGlitches(kind))
    }

    func delivered(after latency: Duration) {
        shard.count(.messagesDelivered)
        shard.adjust(.outboundQueueMessages, by: -1)
        shard.observe(latency.metric, in: .delivery)
    }

    /// - `byteCount`: Of all that was thrown away, deliveries or not.
    func dropped(_ count: Int, byteCount: Int, _ reason: MessageLoss) {
        shard.adjust(.outboundQueueBytes, by: -Int64(byteCount))
        guard count > 0 else { return }
        shard.add(UInt64(count), to: .messagesDropped(reason))
        shard.adjust(.outboundQueueMessages, by: -Int64(count))
        sink.record(.messageDropped(reason: reason.label, count: UInt64(count), roomHash: nil))
    }

    func consumerSlow(_ connection: borrowing Connection, now: Instant) {
        sink.record(
            .consumerSlow(
                context(connection), subject(connection), queueBytes: UInt64(connection.outbound.byteCount),
                oldest: now - connection.record.lastActivity, action: "disconnect"))
    }

    // MARK: Tokens

    func tokenJudged(_ verdict: TokenVerdict) {
        shard.count(.authAttempts)
        shard.observe(verdict.duration.metric, in: .auth)
    }

    func tokenRefused(
        _ refusal: TokenRefusal, _ verdict: TokenVerdict?, _ connection: borrowing Connection, now: Instant
    ) {
        shard.count(.authFailures(AuthFailure(refusal)))
        let evidence = verdict?.evidence
        sink.record(
            .authFailure(
                context(connection), reason: refusal.label,
                claimed: ClaimedToken(
                    algorithm: evidence?.algorithm?.rawValue, keyID: evidence?.keyID,
                    issuer: evidence?.issuer,
                    subject: evidence?.subjectPseudonym)))
    }

    // MARK: Sessions

    func session(
        _ fact: SessionFact, _ verdict: TokenVerdict?, _ connection: inout Connection, now: Instant
    ) {
        switch fact {
        case .authenticated(let method): authenticated(method, connection, now: now)
        case .tokenRefused(let refusal): tokenRefused(refusal, verdict, connection, now: now)
        case .denied(let action, let channel): denied(action, channel, connection)
        case .limitDecided(let outcome, let key): limited(outcome, key, &connection, now: now)
        case .commandAccepted(let kind): shard.count(.messagesReceived(MessageType(kind)))
        case .commandRefused(let error):
            shard.count(.messagesRejected(MessageRejection(errorCode: error.code)))
        case .recovery(let outcome): shard.count(.recoveries(RecoveryResult(outcome)))
        case .positionLost: shard.count(.positionsLost)
        case .published(let byteCount): shard.observe(UInt64(byteCount), in: .messageSize)
        case .expired(let moment):
            guard let subject = subject(connection) else { return }
            sink.record(.authExpiredSession(context(connection), subject, expiredAt: moment))
        }
    }

    private func authenticated(_ method: AdmissionMethod, _ connection: borrowing Connection, now: Instant) {
        let proof = connection.session?.token?.proof
        let subject = subject(connection) ?? SubjectContext(subject: "")
        if let expireAt = connection.session?.token?.expireAt {
            let seconds = UInt64(clamping: expireAt &- WallClock.unixSeconds())
            shard.observe(min(seconds, 1 << 32) &* 1_000_000_000, in: .authTokenRemaining)
        }
        sink.record(
            .authSuccess(
                context(connection), subject, algorithm: proof?.algorithm.rawValue,
                expiresAt: connection.session?.token?.expireAt, method: method.rawValue))
    }

    private func denied(_ action: DeniedAction, _ channel: String, _ connection: borrowing Connection) {
        shard.count(.authzDenials(DeniedOperation(action)))
        sink.record(
            .authzDenied(
                context(connection), subject(connection) ?? SubjectContext(subject: ""),
                action: action.rawValue,
                roomHash: pseudonym.of(channel)))
    }

    private func limited(
        _ outcome: LimitOutcome, _ key: LimitKey?, _ connection: inout Connection, now: Instant
    ) {
        switch outcome {
        case .admitted: limitDecided(outcome, scope: .user)
        case .wouldRefuse(let refusal), .refused(let refusal), .disconnect(let refusal):
            limitDecided(outcome, scope: refusal.scope)
            connection.record.refusals += 1
            if let key { limits.refused(refusal.scope, key, subject: subject(connection), at: now) }
        }
        guard case .disconnect = outcome else { return }
        sink.record(
            .ratelimitDisconnect(context(connection), subject(connection), denied: connection.record.refusals)
        )
    }

    func commandMalformed(_ error: CommandError, _ connection: borrowing Connection, now: Instant) {
        shard.count(.messagesRejected(.badRequest))
        sink.record(
            .wsProtocolError(
                context(connection), subject: subject(connection), kind: error.label, closeCode: 3501))
    }
}

extension FrameFault {
    init(_ kind: FrameError.Kind) {
        self =
            switch kind {
            case .reserved: .reserved
            case .unmasked: .unmasked
            case .control: .control
            case .fragmentation: .fragmentation
            case .length: .length
            case .close: .close
            case .utf8: .utf8
            case .tooBig: .tooBig
            }
    }
}

extension AuthFailure {
    init(_ refusal: TokenRefusal) {
        self =
            switch refusal {
            case .missing: .missing
            case .malformed: .malformed
            case .alg: .alg
            case .kid: .kid
            case .signature: .signature
            case .expired: .expired
            case .notYet: .notYet
            case .issuer: .issuer
            case .audience: .audience
            case .subject: .subject
            case .scope: .scope
            case .revoked: .revoked
            case .replayed: .replayed
            case .internal: .internal
            }
    }
}

extension MessageType {
    init(_ kind: CommandKind) {
        self =
            switch kind {
            case .connect: .connect
            case .subscribe: .subscribe
            case .unsubscribe: .unsubscribe
            case .publish: .publish
            case .presence: .presence
            case .history: .history
            case .refresh: .refresh
            }
    }
}

extension RecoveryResult {
    init(_ outcome: RecoveryOutcome) {
        self =
            switch outcome {
            case .recovered: .recovered
            case .epochChanged: .epochChanged
            case .expired: .expired
            case .trimmed: .trimmed
            case .limitExceeded: .limitExceeded
            case .offsetAhead: .offsetAhead
            case .cacheEmpty: .cacheEmpty
            case .notRecoverable: .notRecoverable
            }
    }
}

extension DeniedOperation {
    init(_ action: DeniedAction) {
        self =
            switch action {
            case .subscribe: .subscribe
            case .publish: .publish
            case .presence: .presence
            case .history: .history
            case .rpc: .rpc
            }
    }
}
