import BelfryObserve

/// One bounded first-in-first-out queue of events.
///
/// When it is full it closes, and opens again only when a quarter of it is free. So a lane under pressure loses
/// one unbroken run of entries, which one `journal.gap` can state exactly, instead of every second entry. A
/// lane under lasting pressure loses no more by this than without, because the writer is never idle meanwhile.
struct Lane: Sendable {
    struct Entry: Sendable {
        let ticket: UInt64
        let element: EventQueue.Element
        let bytes: Int
    }

    private let entryLimit: Int
    private let byteLimit: Int
    private var entries: [Entry?] = []
    private var head = 0
    private(set) var count = 0
    private var bytes = 0
    /// Events that were refused since the lane closed; nil while it is open.
    private(set) var refused: UInt64?

    init(entryLimit: Int, byteLimit: Int) {
        self.entryLimit = max(1, entryLimit)
        self.byteLimit = byteLimit
    }

    var isClosed: Bool { refused != nil }

    /// 0 to 1.
    var fill: Double {
        min(1, max(Double(count) / Double(entryLimit), Double(bytes) / Double(max(1, byteLimit))))
    }

    /// The number under which the first entry came; entries of both lanes share one series.
    var firstTicket: UInt64? { count == 0 ? nil : entries[head]?.ticket }

    mutating func offer(_ event: Event, ticket: UInt64) -> Bool {
        if let refused {
            self.refused = refused &+ 1
            return false
        }
        let size = event.textBytes
        // An empty lane takes anything: closed and empty it would never open again.
        guard count == 0 || (count < entryLimit && bytes &+ size <= byteLimit) else {
            refused = 1
            return false
        }
        append(Entry(ticket: ticket, element: .event(event), bytes: size))
        return true
    }

    /// Beyond the limit, which is for events: a mark takes no part in the count of what may wait.
    mutating func append(mark losses: EventQueue.Losses, ticket: UInt64) {
        append(Entry(ticket: ticket, element: .losses(losses), bytes: 0))
    }

    mutating func takeFirst() -> EventQueue.Element? {
        guard count > 0, let entry = entries[head] else { return nil }
        entries[head] = nil
        head = (head &+ 1) % entries.count
        count &-= 1
        bytes &-= entry.bytes
        return entry.element
    }

    /// Opens a closed lane that has room again; returns how many events it had refused.
    mutating func reopen() -> UInt64? {
        guard let refused, count <= entryLimit &- max(1, entryLimit / 4), bytes <= byteLimit / 4 * 3 else {
            return nil
        }
        self.refused = nil
        return refused
    }

    private mutating func append(_ entry: Entry) {
        if count == entries.count { grow() }
        entries[(head &+ count) % entries.count] = entry
        count &+= 1
        bytes &+= entry.bytes
    }

    private mutating func grow() {
        var larger = [Entry?](repeating: nil, count: max(16, entries.count * 2))
        for offset in 0..<count { larger[offset] = entries[(head &+ offset) % entries.count] }
        entries = larger
        head = 0
    }
}
