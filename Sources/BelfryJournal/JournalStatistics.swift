import BelfryObserve

/// What the journal knows of itself at one moment, for the metrics page and the alert on audit loss.
package struct JournalStatistics: Sendable {
    /// Where entries are going.
    package enum Route: String, Sendable {
        case journald
        case standardError = "stderr"
        /// Mode `required` while journald is absent.
        case nowhere
    }

    /// What came of reading the newest audit entry back.
    package enum Verification: String, Sendable {
        /// Not tried, or there is no journald to read from.
        case untried
        case verified
        /// The journal can be read and the entry is not there.
        case missing
        /// Nothing is left from the time of the newest audit entry, which is long ago.
        case expired
        /// This process may not read the journal: it is not in group systemd-journal.
        case unreadable
    }

    /// Why audit entries are not being written.
    package enum Trouble: String, Sendable {
        /// Mode `required`, and nobody listens.
        case absent
        /// A call does not come back.
        case stalled
        /// Audit entries were lost, and the entry that says so is not written yet.
        case gap
        /// The newest audit entry was taken and is not there.
        case missing
    }

    package internal(set) var route = Route.journald
    /// Entries written, to journald or to standard error, by `Priority.rawValue`.
    package internal(set) var entries = [UInt64](repeating: 0, count: Priority.allCases.count)
    /// The same by `EventKind.rawValue`; an aggregated entry counts once.
    package internal(set) var events = [UInt64](repeating: 0, count: EventKind.allCases.count)
    package internal(set) var dropped = DropCounts()
    /// Entries that wait, both lanes.
    package internal(set) var queueLength = 0
    /// How much of the audit lane is in use, 0 to 1: of its entries or of its bytes, whichever is more.
    package internal(set) var auditFill = 0.0
    /// Entries that were refused because the lane of what is no audit was full; part of `dropped`.
    package internal(set) var refusedInfo: UInt64 = 0
    /// `nil` while all is well.
    package internal(set) var trouble: Trouble?
    package internal(set) var writes = WriteTimes()
    package internal(set) var verification = Verification.untried
    /// Seconds since 1970 of the last reading that found the entry.
    package internal(set) var lastVerified: Int64?
}

/// Time spent in the call that hands entries over: one to journald, a batch of lines to standard error.
package struct WriteTimes: Sendable {
    /// Upper bounds in nanoseconds: 10 µs to 10 s by tens.
    ///
    /// A healthy journald takes 16 to 32 µs; what lies in
    /// the last bucket is a journald that stood still.
    package static let bounds: [UInt64] = [
        10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
    ]

    /// One more than `bounds`; not cumulative.
    package private(set) var buckets = [UInt64](repeating: 0, count: bounds.count + 1)
    package private(set) var count: UInt64 = 0
    package private(set) var sumNanoseconds: UInt64 = 0

    mutating func add(nanoseconds: UInt64) {
        buckets[Self.bounds.firstIndex { nanoseconds <= $0 } ?? Self.bounds.count] &+= 1
        count &+= 1
        sumNanoseconds &+= nanoseconds
    }
}
