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
        if !queue.offer(event) { statistics.dropped[.queueFull] &+= 1 }
    }

    mutating func countWrite(took duration: Duration) {
        let nanoseconds = UInt64(clamping: duration.clampedNanoseconds)
        statistics.writes.add(nanoseconds: nanoseconds)
        shard?.observe(nanoseconds, in: .journalWrite)
    }

    mutating func countEntry(_ kind: EventKind, _ priority: Priority) {
        statistics.entries[Int(priority.rawValue)] &+= 1
        statistics.events[Int(kind.rawValue)] &+= 1
    }
}
