package import BelfryBytes

/// Makes one entry of a flood.
///
/// The first event of a kind, source, reason and claimed subject passes at once. Those that follow within the
/// window are counted, and the last of them passes when the window ends, carrying their number; a flood that
/// goes on costs one entry a window. Nothing is lost by this: the counts of all entries add up to the number of
/// events. The state is bounded; when more sources come than it holds, the rest of a kind share one bucket
/// whose source reads `many`.
package struct EventAggregator: Sendable {
    private struct Key: Hashable, Sendable {
        let kind: EventKind
        let source: String
        let reason: String
        let subject: String
    }

    private struct Tally: Sendable {
        var last: Event
        /// Events of this window that no entry stands for yet.
        var count: UInt64
        var deadline: Instant
        /// Order of arrival, so that equal deadlines come out in the order they went in.
        let number: UInt64
    }

    private let window: Duration
    private let capacity: Int
    private var tallies: [Key: Tally] = [:]
    private var numbers: UInt64 = 0

    /// When `expire` next has something to do.
    package private(set) var nextDeadline: Instant?

    /// - `window`: how long the followers of a first event are collected.
    /// - `capacity`: how many sources are told apart, all kinds together; beyond it one bucket a kind.
    package init(window: Duration = .seconds(10), capacity: Int = 1024) {
        self.window = window
        self.capacity = capacity
    }

    /// How many sources are being followed.
    package var trackedCount: Int { tallies.count }

    /// Returns the event when it must be written now; nil when it was counted instead.
    package mutating func admit(_ event: Event, at now: Instant) -> Event? {
        guard event.kind.isAggregated else { return event }
        let key = key(for: event)
        if let tally = tallies[key], now < tally.deadline {
            tallies[key]?.last = event
            tallies[key]?.count = tally.count.addingSaturating(event.count)
            return nil
        }
        // A window that ended unnoticed: what it counted goes out with this event, and a new one begins.
        let pending = tallies[key]?.count ?? 0
        numbers &+= 1
        let deadline = now + window
        tallies[key] = Tally(last: event, count: 0, deadline: deadline, number: numbers)
        nextDeadline = min(nextDeadline ?? deadline, deadline)
        var first = key.source == Self.many ? event.withoutSource() : event
        first.count = first.count.addingSaturating(pending)
        return first
    }

    /// Ends the windows whose time has come.
    ///
    /// Returns one entry for each that counted something, oldest first.
    package mutating func expire(at now: Instant) -> [Event] {
        guard let next = nextDeadline, next <= now else { return [] }
        return close(tallies.filter { $0.value.deadline <= now }, reopeningAt: now)
    }

    /// Ends all windows now, at shutdown.
    package mutating func flush() -> [Event] {
        close(tallies, reopeningAt: nil)
    }

    private mutating func close(_ ended: [Key: Tally], reopeningAt now: Instant?) -> [Event] {
        for (key, tally) in ended {
            // A flood that goes on stays in its window; one that is over makes room.
            if let now, tally.count > 0 {
                tallies[key]?.count = 0
                tallies[key]?.deadline = now + window
            } else {
                tallies[key] = nil
            }
        }
        nextDeadline = tallies.values.lazy.map(\.deadline).min()
        return ended.filter { $0.value.count > 0 }.sorted { $0.value.number < $1.value.number }.map {
            var event = $0.key.source == Self.many ? $0.value.last.withoutSource() : $0.value.last
            event.count = $0.value.count
            return event
        }
    }

    package static let many = "many"

    private func key(for event: Event) -> Key {
        let key = Key(
            kind: event.kind, source: event.sourceAddress, reason: event.aggregationReason,
            subject: event[.subject].textOrEmpty)
        if tallies[key] != nil || tallies.count < capacity { return key }
        return Key(kind: event.kind, source: Self.many, reason: "", subject: "")
    }
}

extension Event {
    fileprivate var sourceAddress: String { connection?.peerAddress ?? self[.peerAddr].textOrEmpty }

    /// The field that says what happened, by whichever name the kind has for it.
    fileprivate var aggregationReason: String {
        for field in [JournalField.reason, .kind, .offered] {
            if case .text(let reason)? = self[field] { return reason }
        }
        return ""
    }

    /// The same event said of many sources: what belongs to one of them only would mislead.
    fileprivate func withoutSource() -> Event {
        let own: Set<JournalField> = [.peerAddr, .subject, .kid, .iss, .sni, .origin, .helloFP]
        let kept = details.filter { detail in detail.map { !own.contains($0.field) } ?? false }
        return Event(
            kind, priority: priority, count: count, kept + [.text(.peerAddr, EventAggregator.many)],
            at: source)
    }
}

extension Optional where Wrapped == Event.Value {
    /// Empty when the field is absent or no text.
    fileprivate var textOrEmpty: String {
        guard case .text(let text)? = self else { return "" }
        return text
    }
}

extension UInt64 {
    fileprivate func addingSaturating(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
