extension Event {
    /// What was kept on disk has been read.
    ///
    /// - `renewed`: histories of relaxed channels that begin a new epoch, since the relay before did not end in order.
    /// - `shed`: histories and publications on disk for which memory has no room.
    package static func storeOpened(
        path: String, streams: Int, publications: Int, renewed: Int, shed: Int,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .storeOpened,
            [
                .text(.file, path), .number(.streams, streams), .number(.publications, publications),
                .number(.renewed, renewed), .number(.shed, shed),
            ], at: .init(file, line))
    }

    /// A commit failed: what would have to be stored is refused until the disk is well again.
    package static func storeFailed(
        path: String, error: String, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(.storeFailed, [.text(.file, path), .text(.error, error)], at: .init(file, line))
    }

    /// - `refused`: publications and records meanwhile.
    package static func storeHealed(
        path: String, after outage: Duration, refused: UInt64, file: StaticString = #fileID,
        line: UInt32 = #line
    ) -> Event {
        Event(
            .storeHealed,
            [.text(.file, path), .milliseconds(.durationMS, outage), .number(.denied, refused)],
            at: .init(file, line))
    }
}
