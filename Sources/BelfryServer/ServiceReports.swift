import BelfryBytes
import BelfryJournal
import BelfryReactor
import Dispatch
import Synchronization

/// Whether every loop has ticked since the last time all of them had.
///
/// An idle loop ticks once a second, so there is no bar to set: each sign of life stands for a tick of each loop.
struct LoopProgress {
    private var seen: [UInt64]

    init(loops: Int) { seen = Array(repeating: 0, count: loops) }

    /// - Parameter ticks: How often each loop has ticked so far.
    /// - Returns: Whether all have since the last time this was so.
    mutating func hasAdvanced(_ ticks: [UInt64]) -> Bool {
        guard zip(ticks, seen).allSatisfy({ $0 != $1 }) else { return false }
        seen = ticks
        return true
    }
}

/// What the service manager hears of a running relay: signs of life for its watchdog, and the line of `systemctl status`.
///
/// Runs on the queue of ``Housekeeping``, so a housekeeping that stands still ends the signs of life as a loop does.
final class ServiceReports {
    private let timer: any DispatchSourceTimer

    /// Starts to report; the queue is serial.
    init(relay: Relay, notifier: SystemdNotifier, on queue: DispatchQueue) {
        timer = DispatchSource.makeTimerSource(queue: queue)
        let watchdog = SystemdNotifier.watchdogInterval
        // Between two signs of life lies the second of an idle loop and one period: with 2 s, the shortest watchdog that
        // can be kept, 1.5 s.
        let period = watchdog.map { min($0 / 4, .seconds(1)) } ?? .seconds(1)
        let reporter = Reporter(relay: relay, notifier: notifier, feedsWatchdog: watchdog != nil)
        timer.schedule(
            deadline: .now(), repeating: .nanoseconds(Int(period.clampedNanoseconds)),
            leeway: .milliseconds(50))
        timer.setEventHandler { reporter.report() }
        timer.activate()
    }

    func stop() { timer.cancel() }
}

/// What the reports know between two turns of their timer.
private final class Reporter: Sendable {
    private struct State {
        var progress: LoopProgress
        var status: String
        var nextStatus: Instant
    }

    /// Each change of the line is a message on the system bus.
    private static let statusInterval = Duration.seconds(10)

    private let relay: Relay
    private let notifier: SystemdNotifier
    private let feedsWatchdog: Bool
    private let state: Mutex<State>

    init(relay: Relay, notifier: SystemdNotifier, feedsWatchdog: Bool) {
        self.relay = relay
        self.notifier = notifier
        self.feedsWatchdog = feedsWatchdog
        state = Mutex(
            State(
                progress: LoopProgress(loops: relay.heartbeats.count), status: relay.statusLine,
                nextStatus: MonotonicClock.now() + Self.statusInterval))
    }

    func report() {
        if feedsWatchdog, isAlive { notifier.watchdog() }
        let status = relay.statusLine
        if isDue(status, at: MonotonicClock.now()) { notifier.status(status) }
    }

    /// Loops that are drained have ended; how long the others may take, TimeoutStopSec says.
    private var isAlive: Bool {
        let ticks = relay.heartbeats.map(\.ticks)
        return relay.isDraining || state.withLock { $0.progress.hasAdvanced(ticks) }
    }

    private func isDue(_ status: String, at now: Instant) -> Bool {
        state.withLock { state in
            guard now >= state.nextStatus, status != state.status else { return false }
            state.status = status
            state.nextStatus = now + Self.statusInterval
            return true
        }
    }
}

extension Relay {
    /// One line for whoever asks how the service is.
    var statusLine: String {
        let count = admission.count
        let clients = "\(count) \(count == 1 ? "connection" : "connections")"
        if isDraining { return "sending \(clients) away" }
        return "serving \(clients) on \(addresses.map(\.description).joined(separator: ", "))"
    }
}
