import BelfryBytes
import BelfryJournal
import BelfryObserve

// What is done when something runs out, as far as it is looked at and not met with.

extension Relay {
    /// Called once a second.
    func settleOverload(at now: Instant) {
        let statistics = journal.statistics
        let fill = Int(100 * statistics.auditFill)
        if configuration.journal.onFailure == .refuseNew {
            // Recovers by itself: what waited is written, and the gap is told.
            admission.refusesAll = statistics.trouble != nil
            overload.hold(.refuseNew, statistics.trouble != nil, pressure: fill, at: now)
        }
        if shedInfo.rises(to: statistics.refusedInfo) { overload.took(.shedInfo, at: now) }
        overload.settle(at: now) { pressure(on: $0) }
    }

    /// Percent in use.
    private func pressure(on resource: OverloadResource) -> Int {
        refreshMetrics()
        return Int(registry.snapshot()[.overloadPressure(resource)] / 10_000_000)
    }

    /// Changes which entries are left out; audit entries never are, this one included.
    func take(_ level: Configuration.JournalOptions.Level) {
        let old = journal.level
        guard old != level.priority else { return }
        journal.level = level.priority
        journal.record(.logLevelChanged(from: old, to: level.priority, by: "SIGHUP"))
    }
}

extension ConnectionAdmission {
    /// 0 to 1.
    var pressure: Double { min(1, Double(count) / Double(max(1, limit))) }
}
