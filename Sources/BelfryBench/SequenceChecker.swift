/// Tells for one member of a room what each delivery is.
///
/// Remembers the last 64 numbers. What is older counts as a duplicate: it may be one, and calling it
/// delivered could hide a message that never came.
struct SequenceChecker {
    enum Verdict: Equatable {
        case inOrder
        /// New, but a later one came before it.
        case outOfOrder
        case duplicate
    }

    private var highest: UInt64 = 0
    /// Bit `n`: `highest - n` has come.
    private var seen: UInt64 = 0

    /// - `sequence`: From 1; 0 is never sent, and counts as a duplicate.
    mutating func receive(_ sequence: UInt64) -> Verdict {
        if sequence > highest {
            let distance = sequence - highest
            seen = distance < 64 ? seen &<< distance | 1 : 1
            highest = sequence
            return .inOrder
        }
        let age = highest - sequence
        guard sequence > 0, age < 64, seen & 1 &<< age == 0 else { return .duplicate }
        seen |= 1 &<< age
        return .outOfOrder
    }
}
