import BelfryAuth
import BelfryBytes
import BelfryLimits
import BelfryObserve
import BelfryProtocol
import BelfryReactor
import BelfrySession
import BelfryTLS
import BelfryWebSocket

// What a loop tells: every fact has its counter, and where an auditor wants it, its event.
//
// The loop says what happened in its own words; names of metrics and events occur only here. Counting is a plain store
// in the loop's own shard, and an event goes into a bounded queue: nothing here can hold a message up.

/// Turns one loop's facts into metrics and events.
///
/// An object: asked through the worker that owns it, a value of nine references would be copied for each fact.
final class LoopObserver: Sendable {
    let shard: MetricShard
    let exemplars: Exemplars
    let sink: any EventSink
    let limits: LimitWatch
    let overload: OverloadWatch
    let pseudonym: Pseudonym
    /// Names the user in the journal; the pseudonym, unless the operator asked for plain names.
    let subjectsArePlain: Bool
    /// The listening addresses, by index.
    let listeners: [String]
    let lately: ClosedConnections

    init(
        shard: MetricShard, exemplars: Exemplars, sink: any EventSink, limits: LimitWatch,
        overload: OverloadWatch,
        pseudonym: Pseudonym, subjectsArePlain: Bool, listeners: [String], lately: ClosedConnections
    ) {
        self.shard = shard
        self.exemplars = exemplars
        self.sink = sink
        self.limits = limits
        self.overload = overload
        self.pseudonym = pseudonym
        self.subjectsArePlain = subjectsArePlain
        self.listeners = listeners
        self.lately = lately
    }

    // MARK: The loop

    func tick(
        _ counters: LoopCounters, wireIn: UInt64, wireOut: UInt64, rooms: Int, memberships: Int
    ) {
        if counters.lag > .zero { shard.observe(counters.lag.metric, in: .eventLoopLag) }
        shard.mirror(wireIn, in: .receivedBytes(.wire))
        shard.mirror(wireOut, in: .sentBytes(.wire))
        shard.set(.rooms, to: Int64(rooms))
        shard.set(.roomMemberships, to: Int64(memberships))
    }

    func acceptPaused(_ notice: AcceptPauseNotice) {
        overload.took(.pauseAccept, at: MonotonicClock.now())
        // An accept that failed counts as one that was refused, so that the law of connections holds.
        shard.count(.listenerAccepts)
        shard.count(.listenerRejects(.descriptors))
        sink.record(.listenerError(address: listeners.joined(separator: ","), errno: notice.error.code))
    }

    // MARK: Connections

    func accepted(listener: Int) { shard.count(.listenerAccepts) }

    func rejected(_ peer: PeerAddress, _ rejection: Rejection, now: Instant) {
        shard.count(.listenerRejects(rejection.reason))
        sink.record(
            .connRejected(
                peerAddress: peer.ip.description, reason: rejection.reason.label,
                limit: rejection.limit.map { UInt64($0) }, current: rejection.current.map { UInt64($0) }))
    }

    func entered(_ phase: ConnectionPhase) {
        shard.adjust(.connectionsOpen(phase.stage), by: 1)
        if phase.stage == .tls { shard.adjust(.tlsHandshakesInProgress, by: 1) }
    }

    func left(_ stage: ConnectionStage) {
        shard.adjust(.connectionsOpen(stage), by: -1)
        if stage == .tls { shard.adjust(.tlsHandshakesInProgress, by: -1) }
    }

    func moved(from old: ConnectionPhase, to new: ConnectionPhase, wasAdmitted: Bool) {
        left(wasAdmitted && old == .open ? .active : old.stage)
        entered(new)
    }

    /// An open connection has been authenticated.
    func clientAdmitted() {
        shard.adjust(.connectionsOpen(.auth), by: -1)
        shard.adjust(.connectionsOpen(.active), by: 1)
    }

    func closed(_ connection: borrowing Connection, now: Instant) {
        let ending = connection.record.ending ?? ConnectionEnding(by: .server, reason: .internal)
        left(connection.isAdmitted && connection.phase == .open ? .active : connection.phase.stage)
        shard.count(.connectionsClosed(ending.by, ending.reason))
        shard.observe((now - connection.openedAt).metric, in: .connectionDuration)
        lately.add(snapshot(connection, closedAt: now))
        // Told by tls.handshake_failed, which is one entry for a flood of them (record 0019).
        guard connection.record.tlsVersion != nil || ending.reason != .tls else { return }
        sink.record(
            .connClose(
                context(connection), subject: subject(connection), connection.summary(ending, now: now)))
    }

    // MARK: Facts about one connection

    func context(_ connection: borrowing Connection) -> ConnectionContext {
        ConnectionContext(
            id: connection.id, peerAddress: connection.peerText, peerPort: connection.peer.port,
            listener: connection.listener < listeners.count ? listeners[connection.listener] : "")
    }

    func subject(_ connection: borrowing Connection) -> SubjectContext? {
        guard let proof = connection.session?.token?.proof, let pseudonym = proof.subjectPseudonym else {
            return nil
        }
        return SubjectContext(
            subject: subjectsArePlain ? connection.session?.user ?? "" : pseudonym,
            jtiHash: proof.tokenIDPseudonym,
            keyID: proof.keyID, issuer: proof.issuer)
    }

    func limitDecided(_ outcome: LimitOutcome, scope: LimitScope) {
        shard.count(.ratelimitDecisions(RateScope(scope), RateDecision(outcome)))
    }
}

extension ConnectionPhase {
    /// The stage that the gauge of open connections shows; `open` counts as `auth` until the client is admitted.
    var stage: ConnectionStage {
        switch self {
        case .hello, .handshake: .tls
        case .head, .authorizing: .http
        case .open: .auth
        case .closing, .lingering: .closing
        }
    }
}

extension Connection {
    /// The client is authenticated.
    var isAdmitted: Bool { record.wasAdmitted }

    func summary(_ ending: ConnectionEnding, now: Instant) -> ConnectionSummary {
        var summary = ConnectionSummary(
            closedBy: ending.by == .client ? .client : .server, phase: phaseName,
            reason: CloseReason.labelTable[Int(ending.reason.rawValue)],
            closeCode: ending.code, duration: now - openedAt)
        summary.messagesIn = record.messagesIn
        summary.messagesOut = record.messagesOut
        summary.bytesIn = record.bytesIn
        summary.bytesOut = record.bytesOut
        summary.queueMaximum = UInt64(record.queueMaximum)
        summary.roundTrip = record.roundTrip
        summary.glitches = record.glitches
        summary.roomsMaximum = UInt64(record.roomsMaximum)
        return summary
    }

    private var phaseName: String {
        if session != nil { return record.wasAdmitted ? "session" : "websocket" }
        return tls == nil || record.tlsVersion == nil ? "tls" : "http"
    }
}

extension CloseReason {
    /// By raw value: each connection's close event states one, and `label` makes it anew.
    fileprivate static let labelTable = allCases.map(\.label)
}

extension Duration {
    /// Nanoseconds for a histogram; a clock that seems to run backwards counts as no time at all.
    var metric: UInt64 { UInt64(max(0, clampedNanoseconds)) }
}

extension RateScope {
    init(_ scope: LimitScope) {
        self =
            switch scope {
            case .user: .user
            case .connection: .connection
            case .channel: .channel
            case .address: .address
            }
    }
}

extension RateDecision {
    init(_ outcome: LimitOutcome) {
        self =
            switch outcome {
            case .admitted: .allow
            case .wouldRefuse: .dryRun
            case .refused, .disconnect: .deny
            }
    }
}
