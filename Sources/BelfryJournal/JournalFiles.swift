import CSystemd

/// The journal's files, opened for reading (sd-journal(3)); for one thread.
///
/// All namespaces, since `LogNamespace=` moves the entries of a unit out of the default one.
@safe struct JournalFiles: ~Copyable {
    /// Owned: opened in `init`, closed in `deinit`, and never handed on.
    private let journal: OpaquePointer

    /// `nil` when they cannot be opened.
    init?() {
        var opened: OpaquePointer?
        let flags = Int32(SD_JOURNAL_LOCAL_ONLY) | Int32(SD_JOURNAL_ALL_NAMESPACES)
        guard unsafe sd_journal_open(&opened, flags) >= 0, let opened = unsafe opened else { return nil }
        unsafe journal = opened
    }

    deinit { unsafe sd_journal_close(journal) }

    /// Goes to the newest entry that has all these fields; false when there is none.
    func newest(where matches: [String]) -> Bool {
        unsafe sd_journal_flush_matches(journal)
        for match in matches {
            guard unsafe sd_journal_add_match(journal, match, 0) >= 0 else { return false }
        }
        return unsafe sd_journal_seek_tail(journal) >= 0 && sd_journal_previous(journal) > 0
    }

    /// When the oldest entry of all was written, in microseconds since 1970; `nil` when there is none to be read.
    func oldestTime() -> UInt64? {
        unsafe sd_journal_flush_matches(journal)
        guard unsafe sd_journal_seek_head(journal) >= 0, unsafe sd_journal_next(journal) > 0 else {
            return nil
        }
        var time: UInt64 = 0
        return unsafe sd_journal_get_realtime_usec(journal, &time) >= 0 ? time : nil
    }

    /// A field of the entry that was gone to; `nil` when it has none of that name.
    func value(of name: String) -> [UInt8]? {
        var data: UnsafeRawPointer?
        var length = 0
        guard unsafe sd_journal_get_data(journal, name, &data, &length) >= 0, let data = unsafe data else {
            return nil
        }
        // The library's until the next call; it begins with the name and its sign.
        let item = unsafe UnsafeRawBufferPointer(start: data, count: length)
        return unsafe Array(item.dropFirst(name.utf8.count + 1))
    }
}
