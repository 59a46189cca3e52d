import BelfryBytes
import BelfryJournal
import BelfryObserve
import BelfryTLS
import Dispatch

/// What is due once a second and belongs to no loop.
final class Housekeeping {
    /// Days before a certificate's end at which it is reported, once a day.
    private static let expiryNoticeDays: Int64 = 14

    private let relay: Relay
    private let timer: any DispatchSourceTimer
    private let queue = DispatchQueue(label: "belfry.housekeeping")

    init(relay: Relay, notifier: SystemdNotifier) {
        self.relay = relay
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(deadline: .now(), repeating: .seconds(1))
        timer.setEventHandler { Self.tidy(relay, notifier) }
        timer.activate()
    }

    func stop() { timer.cancel() }

    private static func tidy(_ relay: Relay, _ notifier: SystemdNotifier) {
        let now = MonotonicClock.now()
        relay.limits.settle(at: now)
        if let generation = relay.tickets.rotateIfDue(at: now, every: relay.configuration.tls.ticketRotation)
        {
            relay.registry.shared.count(.tlsTicketKeyRotations)
            relay.journal.record(.tlsTicketsRotated(generation: generation))
        }
        remindOfExpiry(relay)
        if SystemdNotifier.watchdogInterval != nil, relay.loopsAreAlive(at: now) { notifier.watchdog() }
    }

    private static func remindOfExpiry(_ relay: Relay) {
        let seconds = WallClock.unixSeconds()
        for certificate in relay.certificates {
            let left = (certificate.notAfter &- seconds) / 86_400
            guard left <= expiryNoticeDays, relay.expiryNotices.isDue(certificate.name, day: seconds / 86_400)
            else { continue }
            relay.journal.record(
                .tlsCertExpiring(name: certificate.name, notAfter: certificate.notAfter, daysLeft: Int(left)))
        }
    }
}
