import BelfryAnomaly
import BelfryBytes
import BelfryJournal
import BelfryObserve
import BelfrySidePort
import Foundation
import Synchronization

// What comes of a tick: alerts that begin and end, and what is shown of the detectors.

extension AlertWatch {
    func tell(_ transitions: [AlertTransition], at now: Instant) {
        let wall = Date()
        for transition in transitions {
            switch transition {
            case .firing(let alert): began(alert, at: now, wall)
            case .resolved(let alert): ended(alert, at: now, wall)
            }
        }
        let (firing, scribe) = state.withLock { ($0.bank.firing, $0.scribe) }
        let records = firing.map { alert in
            let known = relay.alertDesk.firing(scribe.fingerprint(of: alert))
            return scribe.record(
                of: alert, since: known?.since ?? wall, fired: known?.fired ?? wall, now: wall)
        }
        relay.alertDesk.update(records)
        relay.alertPush.refresh(records)
        showActive(firing)
    }

    private var scribe: AlertScribe { state.withLock { $0.scribe } }

    private func began(_ alert: Alert, at now: Instant, _ wall: Date) {
        let scribe = scribe
        let age = Double((bankTime(now) - alert.since).clampedNanoseconds) / 1e9
        let since = wall.addingTimeInterval(-age * relay.configuration.alerts.tick.seconds / 10)
        let record = scribe.record(of: alert, since: since, fired: wall, now: wall)
        relay.journal.record(.alertFiring(scribe.facts(of: alert)))
        if let reuse = alert.tokenReuse { relay.journal.record(reuse) }
        if !alert.isShadow { relay.registry.shared.count(.alertFirings(AlertLabel(alert.name))) }
        relay.alertDesk.began(record)
        relay.alertPush.note(record, at: now)
    }

    private func ended(_ alert: Alert, at now: Instant, _ wall: Date) {
        let scribe = scribe
        let known = relay.alertDesk.firing(scribe.fingerprint(of: alert))
        var record = scribe.record(
            of: alert, since: known?.since ?? wall, fired: known?.fired ?? wall, now: wall)
        record.resolved = wall
        relay.journal.record(
            .alertResolved(
                alert: alert.name.rawValue, fingerprint: record.fingerprint,
                after: .seconds(max(0, wall.timeIntervalSince(record.since))), peak: Alert.text(alert.peak),
                priority: alert.isShadow ? .info : .notice))
        relay.alertDesk.ended(record)
        relay.alertPush.note(record, at: now)
    }

    func countDistinct(_ sketch: TrafficSketch, _ state: inout State) {
        state.distinct.tenMinutes.sources.advance(sketch.sources)
        state.distinct.tenMinutes.subjects.advance(sketch.subjects)
        state.distinct.day.sources.advance(sketch.sources)
        state.distinct.day.subjects.advance(sketch.subjects)
        show(state.distinct)
    }

    func show(_ distinct: DistinctWindows) {
        let counts: [(Gauge, Double)] = [
            (.uniqueSources(.tenMinutes), distinct.tenMinutes.sources.estimate),
            (.uniqueSubjects(.tenMinutes), distinct.tenMinutes.subjects.estimate),
            (.uniqueSources(.day), distinct.day.sources.estimate),
            (.uniqueSubjects(.day), distinct.day.subjects.estimate),
        ]
        relay.registry.shared.update { shard in
            for (gauge, estimate) in counts { shard.set(gauge, to: Int64(exactly: estimate.rounded()) ?? 0) }
        }
    }

    func show(_ bank: DetectorBank) {
        relay.registry.shared.update { shard in
            for signal in Signal.allCases {
                guard let reading = bank.readings[signal] else { continue }
                Self.set(DetectorLabel(signal), to: reading, shard)
            }
        }
    }

    /// The detectors are off.
    func showNothing() {
        let nothing = Reading(observed: 0, expected: 0, unit: .entries, score: 0, limit: 1, window: 10)
        relay.registry.shared.update { shard in
            for signal in Signal.allCases { Self.set(DetectorLabel(signal), to: nothing, shard) }
        }
    }

    private static func set(_ label: DetectorLabel, to reading: Reading, _ shard: MetricShard) {
        shard.set(.anomalyObserved(label), to: reading.observed.billionths)
        shard.set(.anomalyExpected(label), to: reading.expected.billionths)
        shard.set(.anomalyScore(label), to: reading.level.billionths)
        shard.set(.anomalyLearning(label), to: reading.isLearning ? 1 : 0)
    }

    private func showActive(_ firing: [Alert]) {
        relay.registry.shared.update { shard in
            for name in AlertName.allCases {
                let count = firing.count { $0.name == name && !$0.isShadow }
                shard.set(.alertActive(AlertLabel(name)), to: Int64(count))
            }
        }
    }
}
