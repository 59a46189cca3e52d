import BelfryObserve

/// The chain as the writer of one process goes on with it: one value for each audit entry that journald took.
///
/// An entry that is lost or goes to standard error has no place in it, so the chain in the journal joins what stands in
/// the journal, and `journal.gap` is the link over what does not.
struct ChainWriter: Sendable {
    private let chain: AuditChain
    /// What stands in for the entry before the first one: it tells this process from all others.
    private let start = ChainValue.random()
    /// Of the last entry that journald took; `nil` before the first.
    private var last: ChainValue?
    /// Of the entry that is on its way.
    private(set) var next: ChainValue
    private var text = ChainText()

    init(key: [UInt8]) {
        chain = AuditChain(key: key)
        next = start
    }

    /// No entry is in the journal yet.
    var isAtStart: Bool { last == nil }

    /// Adds the chain fields to a complete entry.
    ///
    /// - `before`: the newest chain value in the journal when this process came; asked for its first entry only.
    mutating func seal(_ entry: inout EntryBuffer, before: ChainValue?) {
        if last == nil { addStart(to: &entry, before) }
        next = value(of: entry)
        // A copy: the closure may not look at what is being changed.
        let value = next
        entry.add(.chain) { value.appendHex(to: &$0) }
    }

    private mutating func value(of entry: EntryBuffer) -> ChainValue {
        text.begin { (last ?? start).append(to: &$0) }
        let bytes = entry.bytes.span
        for item in entry.items {
            text.add(
                FieldRange(name: item.start..<(item.valueStart &- 1), value: item.valueStart..<item.end),
                of: bytes)
        }
        text.finish(from: bytes)
        return chain.value(of: text)
    }

    /// Journald took the entry.
    mutating func advance() { last = next }

    private func addStart(to entry: inout EntryBuffer, _ before: ChainValue?) {
        entry.add(.chainStart) { start.appendHex(to: &$0) }
        entry.add(.chainKey) { $0 += chain.keyName.utf8 }
        if let before { entry.add(.chainBefore) { before.appendHex(to: &$0) } }
    }
}
