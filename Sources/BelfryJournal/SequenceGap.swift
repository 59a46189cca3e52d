import BelfryObserve

/// What one reader will not find, collected until it can be told.
struct SequenceGap: Sendable, Equatable {
    private(set) var lost = DropCounts()
    /// Entries that stand on standard error instead.
    private(set) var diverted: UInt64 = 0
    /// The audit numbers concerned.
    ///
    /// One unbroken range, because nothing is written while a gap is untold.
    private(set) var sequences: ClosedRange<UInt64>?

    var isEmpty: Bool { lost.total == 0 && diverted == 0 }

    mutating func addLoss(_ reason: DropReason, sequence: UInt64?) {
        lost[reason] &+= 1
        add(sequence)
    }

    /// - `after`: the last number given before the run of refused audit events.
    mutating func add(_ losses: EventQueue.Losses, after last: UInt64) {
        lost[.queueFull] &+= losses.audit &+ losses.info
        guard losses.audit > 0 else { return }
        add(last &+ 1)
        add(last &+ losses.audit)
    }

    mutating func addDiverted(sequence: UInt64?) {
        diverted &+= 1
        add(sequence)
    }

    /// `queue_full=12,stderr=3`, in a fixed order.
    var byReason: String {
        var parts: [String] = []
        for reason in DropReason.allCases where lost[reason] > 0 {
            parts.append("\(reason.name)=\(lost[reason])")
        }
        if diverted > 0 { parts.append("stderr=\(diverted)") }
        return parts.joined(separator: ",")
    }

    var event: Event { .journalGap(lost: lost.total, byReason: byReason, sequences: sequences) }

    private mutating func add(_ sequence: UInt64?) {
        guard let sequence else { return }
        sequences =
            min(sequences?.lowerBound ?? sequence, sequence)...max(sequences?.upperBound ?? 0, sequence)
    }
}
