package import BelfryBytes
import BelfryObserve
import CSystemd
import Glibc

/// Tells the service manager how the service is doing (sd_notify(3)).
///
/// Without a manager (NOTIFY_SOCKET unset) every call does nothing. The calls may wait for a manager that stands
/// still, so they belong on a control thread, never on a loop.
package struct SystemdNotifier: Sendable {
    package init() {}

    /// Startup is over: systemd starts what comes after us.
    package func ready(status: String) { notify("READY=1\nSTATUS=\(line(status))") }

    /// Draining begins, and ends within `limit`.
    ///
    /// The manager waits for it even if its own TimeoutStopSec is shorter.
    package func stopping(status: String, within limit: Duration) {
        notify("STOPPING=1\nSTATUS=\(line(status))\nEXTEND_TIMEOUT_USEC=\(limit.clampedNanoseconds / 1000)")
    }

    /// A reload begins; `ready` ends it.
    ///
    /// The time lets systemd tell this reload from an earlier one.
    package func reloading(at now: Instant) {
        notify("RELOADING=1\nMONOTONIC_USEC=\(now.nanoseconds / 1000)")
    }

    /// What `systemctl status` shows.
    package func status(_ text: String) { notify("STATUS=\(line(text))") }

    /// The sign of life for WatchdogSec; due at half of `watchdogInterval`.
    package func watchdog() { notify("WATCHDOG=1") }

    /// How long systemd waits for a sign of life before it kills the process; nil without a watchdog.
    package static var watchdogInterval: Duration? {
        var microseconds: UInt64 = 0
        guard unsafe sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        return .microseconds(Int64(clamping: microseconds))
    }

    /// A newline would begin an assignment of its own.
    private func line(_ text: String) -> String { SafeText.string(text, limit: 256) }

    private func notify(_ assignments: String) {
        // Nothing follows from a failure: a manager that does not hear us acts by its own time limits.
        _ = unsafe sd_notify(0, assignments)
    }
}
