/// One thing that is wrong with an audit trail, and where.
package struct AuditFault: Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// The entry is not the one that was written.
        case changed
        /// Numbers are missing, and no `journal.gap` names them.
        case removed
        /// An entry that no relay wrote at that place: its number stands there twice.
        case inserted
        /// It stands behind later ones.
        case reordered
        /// An entry of an audit event without number or chain value: not written by a relay, or by an old one.
        case unchained
        /// The process's first entry names an entry before it that is not there: entries before it were removed.
        case unlinked
        /// Written with another key than those given.
        case otherKey
    }

    package var kind: Kind
    /// Which process's trail.
    package let run: String
    /// The first number concerned, and the last.
    package var numbers: ClosedRange<UInt64>
    /// The entry at which it shows.
    package let place: AuditPlace

    package var description: String {
        let range =
            numbers.lowerBound == numbers.upperBound
            ? "\(numbers.lowerBound)" : "\(numbers.lowerBound) to \(numbers.upperBound)"
        return "\(kind.rawValue): \(text(range)) [\(run)] \(place)"
    }

    private func text(_ range: String) -> String {
        switch kind {
        case .changed: "entry \(range) is not as it was written"
        case .removed: "entry \(range) is missing, and no journal.gap names it"
        case .inserted: "a further entry \(range) was put in"
        case .reordered: "entry \(range) is not in its place"
        case .unchained: "an audit entry without number or chain value"
        case .unlinked: "what stood before entry \(range) is missing"
        case .otherKey: "entry \(range) was not chained with the key given"
        }
    }
}

/// Where an entry is to be found.
package struct AuditPlace: Sendable, Equatable, CustomStringConvertible {
    package var event = ""
    package var time = ""
    /// As `journalctl --cursor=` takes it; empty when the input had none.
    package var cursor = ""

    package init() {}

    package var description: String {
        "at \(event.isEmpty ? "?" : event)\(time.isEmpty ? "" : ", \(time)")"
            + (cursor.isEmpty ? "" : ", cursor \(cursor)")
    }
}
