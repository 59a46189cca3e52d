import BelfryBytes
import BelfryJournal
import BelfryObserve
import BelfryReactor
import BelfrySidePort
import BelfryStore
import BelfryTLS
import Foundation

// What the console tells of a relay: one look a second, off the loops.

extension Relay {
    /// Takes the look that is due.
    func takeStatus() {
        refreshMetrics()
        let snapshot = registry.snapshot()
        var facts = statusFacts()
        facts.alerts = firingAlerts()
        status.take(snapshot, facts, at: ContinuousClock.now - startedAt)
    }

    private func statusFacts() -> StatusFacts {
        let journalStatistics = journal.statistics
        var facts = StatusFacts()
        facts.version = BelfryVersion.number
        facts.commit = BelfryVersion.commit
        facts.node = nodeName
        facts.unixSeconds = Date().timeIntervalSince1970
        facts.health = healthReport(at: MonotonicClock.now())
        facts.journal.route = journalStatistics.route.rawValue
        facts.journal.verification = journalStatistics.verification.rawValue
        facts.journal.lastVerified = journalStatistics.lastVerified
        facts.store = store.map { .init(path: $0.path, failure: $0.failure?.description) }
        facts.certificates = certificates.map { .init(name: $0.name, notAfter: $0.notAfter) }
        return facts
    }

    /// Counted by name, severity and shadow, the worst first; `/alerts` has the evidence.
    private func firingAlerts() -> [StatusFacts.FiringAlert] {
        let firing = alertDesk.alerts().filter(\.isFiring)
        let sorted = firing.sorted { ($0.severity, $0.name) < ($1.severity, $1.name) }
        return sorted.reduce(into: []) { counts, record in
            let found = StatusFacts.FiringAlert(record)
            if let place = counts.firstIndex(where: { $0.isSame(as: found) }) {
                counts[place].count += 1
            } else {
                counts.append(found)
            }
        }
    }

    /// Loops that are drained have ended: nobody must be killed for that while the others still send clients away.
    func healthReport(at now: Instant) -> HealthReport {
        guard !isDraining else { return HealthReport(loops: []) }
        return HealthReport(
            loops: heartbeats.enumerated().map { index, heartbeat in
                HealthReport.Loop(
                    name: "loop-\(index)", sinceLastTick: heartbeat.lastTick.map { now - $0 } ?? .zero)
            })
    }
}

extension StatusFacts.FiringAlert {
    fileprivate init(_ record: AlertRecord) {
        self.init(
            name: record.name, severity: record.severity.rawValue, count: 1, isShadow: record.isShadow)
    }

    fileprivate func isSame(as other: Self) -> Bool {
        (name, severity, isShadow) == (other.name, other.severity, other.isShadow)
    }
}

extension StatusKeeper {
    /// Slow followers are counted in `shared`.
    convenience init(uid: String, _ shared: SharedShard) {
        self.init(uid: String(uid.filter(\.isHexDigit).prefix(12))) { shared.count(.streamDropped($0)) }
    }
}

extension RelaySource {
    func status() -> StatusReport? { relay.status.report }
    var statusFeed: EventFeed { relay.status.feed }
    func top() async -> TopReport { await relay.top.report { await openConnections() } }
}
