import BelfryBytes
import BelfryObserve

/// What happens under the lock.
extension Journal.State {
    mutating func offer(_ event: Event, at now: Instant) {
        guard !isClosing else {
            statistics.dropped[.queueFull] &+= 1
            return
        }
        guard event.kind.isAudit || event.priority <= level else {
            statistics.dropped[.suppressed] &+= 1
            return
        }
        // The last entry states the last number, so what is being counted goes before it.
        if event.kind == .serviceStopped { releaseAggregates() }
        if let event = aggregator.admit(event, at: now) { enqueue(event) }
    }

    mutating func releaseAggregates() {
        for event in aggregator.flush() { enqueue(event) }
    }

    mutating func enqueue(_ event: Event) {
        guard !queue.offer(event) else { return }
        statistics.dropped[.queueFull] &+= 1
        if !event.kind.isAudit { statistics.refusedInfo &+= 1 }
    }

    /// Why audit entries are not being written at this moment, if so.
    func trouble(at now: Instant, stallLimit: Duration) -> JournalStatistics.Trouble? {
        if statistics.route == .nowhere { return .absent }
        if let busySince, now - busySince > stallLimit { return .stalled }
        if isGapOpen || queue.refusesAudit { return .gap }
        return statistics.verification == .missing ? .missing : nil
    }

    mutating func countWrite(took duration: Duration) {
        let nanoseconds = UInt64(clamping: duration.clampedNanoseconds)
        statistics.writes.add(nanoseconds: nanoseconds)
        shard?.observe(nanoseconds, in: .journalWrite)
    }

    /// What came of reading the newest audit entry back.
    mutating func note(_ readback: Readback, at seconds: Int64) {
        switch readback {
        case .found:
            statistics.verification = .verified
            statistics.lastVerified = seconds
        case .missing: statistics.verification = .missing
        case .expired: statistics.verification = .expired
        case .unreadable: statistics.verification = .unreadable
        }
    }

    mutating func countEntry(_ kind: EventKind, _ priority: Priority) {
        statistics.entries[Int(priority.rawValue)] &+= 1
        statistics.events[Int(kind.rawValue)] &+= 1
    }
}
