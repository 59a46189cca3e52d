import BelfryAnomaly
import BelfryBytes
import BelfryJournal
import BelfryObserve
import BelfrySidePort
import BelfryTLS
import Dispatch
import Foundation
import Synchronization

// Ten seconds of traffic to alerts, on a queue of its own.
//
//   tick ──▶ loops are asked by mail ──all answered, or a fifth of the tick over──▶ judge ──▶ journal, metrics, desk, push
//
// Always: (1) no loop waits for it, and it waits for none; (2) what a loop says too late counts in the next tick; (3) what
// begins is told once, and so is its end.

/// Asks the loops, judges, tells.
final class AlertWatch: Sendable {
    /// So much of what was learnt may be lost with the process.
    static let saveInterval = Duration.seconds(600)
    /// Ticks after a step of the clock in which times of the journal are compared with nothing.
    private static let unsteadyTicks = 6

    struct State {
        var bank: DetectorBank
        var reader: TickReader
        var scribe: AlertScribe
        /// Nothing is judged, raised or learnt while it is off.
        var isOn: Bool
        /// Whether it was on at any time: there is something to write down.
        var hasBeenOn: Bool
        var clock = ClockWatch()
        var steadyTicks = AlertWatch.unsteadyTicks
        var distinct = DistinctWindows()
        /// The round that is being asked about.
        var round = 0
        var isAsking = false
        var savedAt: Instant
        var saveFailure: String?
    }

    /// Who has come within a while.
    struct DistinctWindows {
        var tenMinutes = (
            sources: SlidingDistinct(parts: 10, ticksPerPart: 6),
            subjects: SlidingDistinct(parts: 10, ticksPerPart: 6)
        )
        var day = (
            sources: SlidingDistinct(parts: 24, ticksPerPart: 360),
            subjects: SlidingDistinct(parts: 24, ticksPerPart: 360)
        )
    }

    let queue = DispatchQueue(label: "belfry.alerts")
    let relay: Relay
    let file: AnomalyStateFile?
    private let probe: @Sendable () -> TickSummary.Probe
    let note: @Sendable (String) -> Void
    private let inbox = TrafficInbox()
    private let started = MonotonicClock.now()
    private let startedWall = WallClock.unixSeconds()
    let state: Mutex<State>

    /// - Parameters:
    ///   - relay: Whose traffic it is.
    ///   - probe: How the relay's round trip through its public port went since it was asked last.
    ///   - note: For whoever looks at the process: a state that cannot be used.
    init(
        _ relay: Relay, probe: @escaping @Sendable () -> TickSummary.Probe = { .notRun },
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.relay = relay
        self.probe = probe
        self.note = note
        let alerts = relay.configuration.alerts
        file = relay.configuration.anomalyStatePath.map(AnomalyStateFile.init(path:))
        var bank = DetectorBank(
            seed: .random(in: 0 ... .max), shadow: alerts.names(.shadow), off: alerts.names(.off))
        if let complaint = file?.restore(&bank) { note(complaint) }
        state = Mutex(
            State(
                bank: bank, reader: Self.reader(relay),
                scribe: relay.alertScribe(relay.configuration), isOn: alerts.isEnabled,
                hasBeenOn: alerts.isEnabled, savedAt: started))
    }

    static func reader(_ relay: Relay) -> TickReader {
        TickReader(relay.registry.snapshot(), journalLost: relay.journal.statistics.dropped.total)
    }

    // MARK: A tick

    /// Begins a tick; called on ``queue``.
    func tick() {
        guard relay.registry.state == .serving, !relay.isDraining else { return }
        let begun: Int? = state.withLock { state in
            guard state.isOn else { return nil }
            state.round += 1
            state.isAsking = true
            return state.round
        }
        guard let round = begun else { return rest() }
        inbox.ask(relay.mailboxes) { [self] in queue.async { self.judge(round) } }
        queue.asyncAfter(deadline: .now() + relay.configuration.alerts.tick.seconds / 5) { [self] in
            judge(round)
        }
    }

    /// A tick while nothing is judged: it counts, since a watch that was switched off is not one that has stalled.
    private func rest() {
        guard state.withLock({ $0.hasBeenOn }) else { return }
        relay.registry.shared.update { $0.observe(0, in: .detectorTick) }
    }

    private func judge(_ round: Int) {
        let begin = MonotonicClock.now()
        let told: [AlertTransition]? = state.withLock { state in
            guard state.isAsking, state.round == round, !relay.isDraining else { return nil }
            state.isAsking = false
            return judge(&state, at: begin)
        }
        guard let told else { return }
        tell(told, at: begin)
        relay.registry.shared.update { shard in
            shard.observe(
                UInt64(clamping: (MonotonicClock.now() - begin).clampedNanoseconds), in: .detectorTick)
        }
        saveIfDue(at: begin)
    }

    private func judge(_ state: inout State, at now: Instant) -> [AlertTransition] {
        let shares = inbox.take()
        var sketch = shares.first?.sketch ?? TrafficSketch()
        for share in shares.dropFirst() { sketch.merge(share.sketch) }
        let active = shares.reduce(0) { $0 + $1.activeConnections }
        let gauges = gauges(&state, activeConnections: active, at: now)
        let counts = state.reader.summary(relay.registry.snapshot(), gauges)
        let transitions = state.bank.advance(counts, sketch, at: bankTime(now), time: Self.localSeconds())
        countDistinct(sketch, &state)
        relay.top.note(
            sketch, isSampled: shares.contains(where: \.isSampled),
            tickLength: relay.configuration.alerts.tick)
        show(state.bank)
        relay.detectorDesk.update(state.bank.standings, at: Date())
        return transitions
    }

    /// Time as the detectors count it: a tick has ten seconds.
    func bankTime(_ now: Instant) -> Instant {
        let scale = 10 / max(0.001, relay.configuration.alerts.tick.seconds)
        return Instant(nanoseconds: 0) + (now - started) * scale
    }

    /// Seconds since 1970 in the operators' time zone.
    private static func localSeconds() -> Int {
        let now = Date()
        return Int(now.timeIntervalSince1970) + TimeZone.current.secondsFromGMT(for: now)
    }

    private func gauges(_ state: inout State, activeConnections: Int, at now: Instant) -> TickGauges {
        let statistics = relay.journal.statistics
        var gauges = TickGauges()
        gauges.activeConnections = activeConnections
        gauges.throttledUsers = relay.limits.throttledUsers
        gauges.journalLost = statistics.dropped.total
        gauges.keysOverdue = relay.keys.overdue(since: startedWall)
        gauges.probe = probe()
        let wall = WallClock.unixSeconds()
        if let end = relay.certificates.map(\.notAfter).min() {
            gauges.certificateLife = Int(clamping: end.subtractingReportingOverflow(wall).partialValue)
        }
        gauges.clockStep = step(&state, at: now)
        if state.steadyTicks >= Self.unsteadyTicks {
            gauges.journalUnverified = unverified(statistics, at: wall)
        }
        return gauges
    }

    private func step(_ state: inout State, at now: Instant) -> Double {
        let steady = Double((now - started).clampedNanoseconds) / 1e9
        let step = state.clock.step(wall: Date().timeIntervalSince1970, steady: steady)
        let isStep = abs(step) > 1
        state.steadyTicks = isStep ? 0 : min(state.steadyTicks + 1, Self.unsteadyTicks)
        guard isStep else { return step }
        relay.registry.shared.update { shard in
            let amount = UInt64(clamping: abs(step).billionths)
            shard.add(amount, to: .clockStep(step < 0 ? .backward : .forward))
        }
        relay.journal.record(.clockStepped(by: .seconds(step)))
        return step
    }

    /// Seconds since an entry was last read back; 0 where the journal cannot be read.
    private func unverified(_ statistics: JournalStatistics, at wall: Int64) -> Int {
        switch statistics.verification {
        case .untried, .unreadable, .expired: return 0
        case .verified, .missing:
            // Who reads back seldom has chosen to hear of it later.
            let late = max(0, relay.configuration.journal.canary.components.seconds - 60)
            return Int(clamping: max(0, wall &- (statistics.lastVerified ?? startedWall) &- late))
        }
    }
}

extension Duration {
    var seconds: Double { Double(clampedNanoseconds) / 1e9 }
}
