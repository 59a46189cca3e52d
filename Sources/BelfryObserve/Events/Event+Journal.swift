extension Event {
    /// What the journal did not get.
    ///
    /// Only the writer of the journal makes it.
    ///
    /// - `lost`: entries of either lane that are nowhere; 0 when all of them stand on standard error.
    /// - `byReason`: `queue_full=12,stderr=3`.
    /// - `sequences`: the audit numbers that are missing, without exception; nil when none is.
    package static func journalGap(
        lost: UInt64, byReason: String, sequences: ClosedRange<UInt64>?,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .journalGap,
            [
                .number(.lost, lost), .text(.byReason, byReason), .number(.fromSeq, sequences?.lowerBound),
                .number(.toSeq, sequences?.upperBound),
            ], at: .init(file, line))
    }
}
