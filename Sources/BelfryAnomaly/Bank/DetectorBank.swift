package import BelfryBytes

/// All detectors of a relay, and the alerts they raise.
///
/// One thread owns it, no loop. Every 10 s it takes what the loops have put together and tells what has changed.
/// Memory is fixed, about 2 MB, whatever clients do; a tick's work depends on the tables' sizes and the session
/// events of the tick, which are bounded.
package struct DetectorBank: Sendable {
    private var auth: AuthJudge
    private var connections = ConnectionJudge()
    private var messages = MessageJudge()
    private var delivery = DeliveryJudge()
    private var silence = SilenceJudge()
    private var sessions: SessionJudge
    private var lifecycle: AlertLifecycle
    private(set) var shadow: Set<AlertName>
    private(set) var off: Set<AlertName>
    private var tick: UInt32 = 0
    /// As those of the judges, which have one for each thing they learn.
    private var gates = [AlertName: LearningGate](
        uniqueKeysWithValues: AlertName.allCases.map { ($0, LearningGate(patience: 360)) })
    /// Signals of which nothing was learnt in the last tick, since an alert fired.
    private(set) var frozen: Set<Signal> = []
    /// What each detector saw in the last tick, and how it judged it.
    package private(set) var readings = SignalReadings()

    /// - Parameters:
    ///   - seed: From the system's random generator; keys are mixed with it before they choose a place.
    ///   - shadow: Alerts that are told but shall wake nobody.
    ///   - off: Alerts that are never raised; what they look at is measured all the same.
    package init(seed: UInt64, shadow: Set<AlertName> = [], off: Set<AlertName> = []) {
        self.shadow = shadow
        self.off = off
        auth = AuthJudge(seed: seed)
        sessions = SessionJudge(seed: seed)
        lifecycle = AlertLifecycle(shadow: shadow)
    }

    /// The alerts that fire now.
    package var firing: [Alert] { lifecycle.firing }
    var progress: [AlertName: AlertProgress] { lifecycle.progress }
    /// Bytes of the tables that are large; what is not in them is below 200 KB.
    package var byteCount: Int { sessions.byteCount + auth.byteCount }
    /// Alert instances in memory.
    package var instanceCount: Int { lifecycle.instanceCount }

    /// Other modes; nothing that was learnt is lost.
    ///
    /// - Returns: Alerts that begin or end by it.
    package mutating func change(shadow: Set<AlertName>, off: Set<AlertName>) -> [AlertTransition] {
        self.shadow = shadow
        self.off = off
        return lifecycle.change(shadow: shadow, off: off)
    }

    /// Judges one tick.
    ///
    /// - Parameters:
    ///   - counts: The sum over all loops.
    ///   - sketch: All loops' sketches, merged.
    ///   - now: The monotonic clock.
    ///   - time: Seconds since 1970 in the operators' time zone, for what is usual at this hour.
    /// - Returns: Alerts that begin or end.
    package mutating func advance(
        _ counts: TickSummary, _ sketch: TrafficSketch, at now: Instant, time: Int
    ) -> [AlertTransition] {
        tick &+= 1
        var current = Tick(
            counts: counts, sketch: sketch, number: tick, time: time,
            firing: Set(lifecycle.firing.map(\.name)))
        current.sessions = sessions.read(sketch.sessions, at: tick)
        noteFrozen(current)
        let limits = LimitJudge.judge(current)
        let findings =
            auth.judge(current) + connections.judge(current) + messages.judge(current)
            + delivery.judge(current) + silence.judge(current) + SessionJudge.findings(current.sessions)
            + limits
        readings = SessionJudge.readings(current.sessions).merging(LimitJudge.readings(limits))
        for judge in [
            auth.readings, connections.readings, messages.readings, delivery.readings, silence.readings,
        ] { readings = readings.merging(judge) }
        return lifecycle.advance(findings.filter { !off.contains($0.name) }, at: now)
    }

    private mutating func noteFrozen(_ tick: Tick) {
        frozen = []
        for name in AlertName.allCases {
            let learns = gates[name]?.learns(isFiring: tick.isFiring(name)) ?? true
            if !learns { frozen.insert(name.signal) }
        }
    }
}

// What was learnt over days is kept over a restart. Who did what in the last minutes is not: sessions are gone
// with the process, and sketches fill anew within their window.
extension DetectorBank: Restorable {
    package mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        try auth.show(to: &visitor)
        try connections.show(to: &visitor)
        try messages.show(to: &visitor)
        try delivery.show(to: &visitor)
        try silence.show(to: &visitor)
    }
}
