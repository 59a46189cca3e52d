import BelfryAuth
import BelfryBroker
import BelfryBytes
import BelfryDeflate
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
            case .message(.binary, _), .deflatedMessage(.binary, _): .binary
            case .message, .deflatedMessage: .text
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

    func compressionAgreed() { shard.count(.wsDeflateConnections) }

    func compressed(sent: CompressionTally, received: CompressionTally) {
        for (tally, direction) in [(sent, MessageDirection.sent), (received, .received)] {
            shard.mirror(tally.messages, in: .wsDeflateMessages(direction))
            shard.mirror(tally.plainBytes, in: .wsDeflateBytes(direction, .plain))
            shard.mirror(tally.compressedBytes, in: .wsDeflateBytes(direction, .compressed))
        }
    }

    func roundTrip(_ duration: Duration) { shard.observe(duration.metric, in: .wsPingRTT) }

    // MARK: Deliveries

    /// One publication, in whatever forms.
    func fannedOut(to recipients: Int) {
        shard.observe(UInt64(recipients), in: .fanoutRecipients)
        shard.adjust(.outboundQueueMessages, by: Int64(recipients))
    }

    /// - `before`: As it was told last.
    /// - `limit`: Bytes that this loop may keep.
    func historyKept(_ usage: HistoryUsage, before: HistoryUsage, limit: Int, now: Instant) {
        shard.set(
            .overloadPressure(.history), to: Int64(1e9 * Double(usage.byteCount) / Double(max(1, limit))))
        if usage.shedPublications != before.shedPublications || usage.shedStreams != before.shedStreams {
            overload.took(.shedHistory, at: now)
        }
        shard.set(.historyStreams, to: Int64(usage.streams))
        shard.set(.historyPublications, to: Int64(usage.publications))
        shard.set(.historyBytes, to: Int64(usage.byteCount))
        shard.mirror(usage.shedPublications, in: .historyShed(.publication))
        shard.mirror(usage.shedStreams, in: .historyShed(.stream))
        historyShed(.publication, usage.shedPublications &- before.shedPublications)
        historyShed(.stream, usage.shedStreams &- before.shedStreams)
    }

    private func historyShed(_ item: HistoryItem, _ count: UInt64) {
        if count > 0 { sink.record(.historyShed(kind: item.label, count: count)) }
    }

    /// Each of the subscriptions has been counted by its session.
    func positionsLost(_ count: Int, in channel: String, _ cause: PositionLoss) {
        guard count > 0 else { return }
        sink.record(
            .positionLost(
                reason: cause.rawValue, count: UInt64(count), roomHash: pseudonym.of(channel)))
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

    /// A publication's command was read, and then allowed or refused.
    func published(decodedIn decoding: Duration, judgedIn judging: Duration) {
        shard.observe(decoding.metric, in: .messageStage(.decode))
        shard.observe(judging.metric, in: .messageStage(.authorize))
    }

    /// A publication has come back from the broker.
    func returned(after duration: Duration) { shard.observe(duration.metric, in: .messageStage(.broker)) }

    /// One write that began with a delivery.
    ///
    /// - `wait`: From the queue to the socket's turn.
    func wrote(after wait: Duration, in duration: Duration) {
        shard.observe(wait.metric, in: .messageStage(.queue))
        shard.observe(duration.metric, in: .messageStage(.write))
    }

    func slowestDelivery(_ latency: Duration, _ connection: borrowing Connection, unixSeconds: Int64) {
        exemplars.note(
            latency.metric, in: .delivery, connectionID: connection.id, unixSeconds: unixSeconds)
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
        case .denied(let action, let channel, let reason): denied(action, channel, reason, connection)
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

    private func denied(
        _ action: DeniedAction, _ channel: String, _ reason: DenialReason, _ connection: borrowing Connection
    ) {
        shard.count(.authzDenials(DeniedOperation(action)))
        sink.record(
            .authzDenied(
                context(connection), subject(connection) ?? SubjectContext(subject: ""),
                action: action.rawValue, reason: reason.rawValue,
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
            case .deflate: .deflate
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
            case .kid, .keyPending: .kid
            case .signature: .signature
            case .expired: .expired
            case .notYet: .notYet
            case .issuer: .issuer
            case .audience: .audience
            case .subject: .subject
            case .scope: .scope
            case .revoked: .revoked
            case .replayed: .replayed
            case .blocked: .blocked
            case .binding: .binding
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
