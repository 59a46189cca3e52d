/// Why an entry is not in the journal: the label `reason` of `belfry_journal_dropped_total`.
package enum DropReason: Int, CaseIterable, Sendable {
    /// The lane was full because the journal did not take entries as fast as they came; or the journal was
    /// closed already.
    case queueFull
    /// The send call failed for a reason other than the four here.
    case sendError
    /// Nothing listened, and the mode forbids standard error.
    case absent
    /// The kernel refused the entry for its size.
    case oversize
    /// Left out by the log level; never an audit event, and not a loss.
    case suppressed

    package var name: String {
        switch self {
        case .queueFull: "queue_full"
        case .sendError: "send_error"
        case .absent: "absent"
        case .oversize: "oversize"
        case .suppressed: "suppressed"
        }
    }
}

/// A counter for each `DropReason`.
package struct DropCounts: Sendable, Equatable {
    private var counts = [UInt64](repeating: 0, count: DropReason.allCases.count)

    package init() {}

    package subscript(reason: DropReason) -> UInt64 {
        get { counts[reason.rawValue] }
        set { counts[reason.rawValue] = newValue }
    }

    package var total: UInt64 { counts.reduce(0, &+) }
}
