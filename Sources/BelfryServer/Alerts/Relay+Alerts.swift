import BelfryAnomaly
import BelfryObserve
import BelfryReactor
import BelfrySidePort
import Foundation
import Synchronization

extension Relay {
    static func makeAlertDesk(_ uid: String, _ registry: MetricRegistry, _ pulse: FeedPulse) -> AlertDesk {
        let feed = EventFeed(.alerts, uid: String(uid.filter { $0 != "-" }.prefix(8))) { stream in
            registry.shared.count(.streamDropped(stream))
        }
        pulse.add(feed)
        return AlertDesk(feed: feed, startedAt: Date().timeIntervalSince1970)
    }

    func alertScribe(_ configuration: Configuration) -> AlertScribe {
        AlertScribe(configuration, instance: nodeName, journalNamespace: journalNamespace)
    }

    /// Starts the detectors; while they are switched off, they wait for a reload.
    ///
    /// - Parameters:
    ///   - probe: How the relay's round trip through its public port went since it was asked last.
    ///   - note: For whoever looks at the process.
    /// - Returns: What runs them, until it is stopped.
    func watchAlerts(
        probe: @escaping @Sendable () -> TickSummary.Probe = { .notRun },
        note: @escaping @Sendable (String) -> Void
    ) -> AlertTicker {
        let watch = AlertWatch(self, probe: probe, note: note)
        state.withLock { $0.watch = watch }
        return AlertTicker(watch, self)
    }

    /// Takes what a reload brings of the section `alerts`.
    func takeAlerts(of loaded: Configuration) {
        guard let watch = state.withLock({ $0.watch }) else { return }
        let inForce = configuration.takingAlerts(of: loaded)
        for mailbox in mailboxes { _ = mailbox.post(.watchTraffic(inForce.alerts.isEnabled)) }
        watch.adopt(inForce)
    }
}
