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
    /// Serial: who waits here learns whether it goes on.
    let queue = DispatchQueue(label: "belfry.housekeeping")

    init(relay: Relay) {
        self.relay = relay
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(deadline: .now(), repeating: .seconds(1))
        timer.setEventHandler { Self.tidy(relay) }
        timer.activate()
    }

    func stop() { timer.cancel() }

    private static func tidy(_ relay: Relay) {
        let now = MonotonicClock.now()
        relay.limits.settle(at: now)
        relay.settleOverload(at: now)
        relay.keys.tick(at: now)
        relay.desks.homes.expire(at: now)
        relay.desks.errands.expire(at: now)
        if let generation = relay.tickets.rotateIfDue(at: now, every: relay.configuration.tls.ticketRotation)
        {
            relay.noteTickets(generation)
        }
        remindOfExpiry(relay)
        relay.forgetDenials()
        relay.pulse.tick()
        relay.takeStatus()
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
