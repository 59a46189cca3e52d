import BelfryBytes
import BelfryReactor
import BelfrySidePort
import Synchronization

/// A tap, as loops know it.
struct LoopTap: Sendable {
    let number: UInt64
    let subject: TapRequest.Subject
    /// Of the user or channel.
    let pseudonym: String
    let showsBodies: Bool
    let feed: TapFeed
    /// Milliseconds since 1970 at the origin of the loops' clock.
    let epoch: Int64
    /// Told by each loop that it follows.
    let start: TapStart

    func entry(_ kind: TapEntry.Kind, at now: Instant) -> TapEntry? {
        feed.entry(kind, at: TapClock.time(now, epoch))
    }

    /// The user that is followed.
    var user: String? {
        if case .user(let name) = subject { name } else { nil }
    }

    func follows(channel: String) -> Bool {
        guard case .channel(let own) = subject else { return false }
        // Byte by byte, unlike `==`: equal text may be another channel.
        return own.utf8.count == channel.utf8.count && own.utf8.elementsEqual(channel.utf8)
    }
}

/// Tells the operator when every loop follows.
final class TapStart: Sendable {
    private let left: Atomic<Int>
    private let onBegin: @Sendable () -> Void

    init(loops: Int, _ onBegin: @escaping @Sendable () -> Void) {
        left = Atomic(loops)
        self.onBegin = onBegin
    }

    func heard() {
        if left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { onBegin() }
    }
}

/// What loops are told of taps.
enum TapNotice: Sendable {
    /// - `cursor`: Where the walk over the loop's table stands.
    case open(LoopTap, cursor: UInt32)
    /// By its number.
    case close(UInt64)
}

/// The taps of one loop, and what it has to remember for them.
struct TapSet {
    /// A command that waits for its reply, which does not say what it answers.
    struct Question: Equatable {
        let name: String
        let channel: String
    }

    private struct Item {
        let tap: LoopTap
        /// The user's connections on this loop.
        var slots: Set<SlotID> = []
    }

    /// Commands that may wait: of those beyond it an error does not say what it answers.
    static let questionsMax = 4_096

    private var items: [Item] = []
    private var questions: [SlotID: [UInt32: Question]] = [:]
    private var questionCount = 0

    var isEmpty: Bool { items.isEmpty }
    var all: [LoopTap] { items.map(\.tap) }

    func contains(_ number: UInt64) -> Bool { items.contains { $0.tap.number == number } }

    mutating func add(_ tap: LoopTap) { items.append(Item(tap: tap)) }

    mutating func remove(_ number: UInt64) {
        items.removeAll { $0.tap.number == number }
        guard items.isEmpty else { return }
        (questions, questionCount) = ([:], 0)
    }

    // MARK: Connections

    /// Has a user's tap follow a connection; `false` when it does already, or has ended.
    mutating func follow(_ slot: SlotID, by number: UInt64) -> Bool {
        guard let place = items.firstIndex(where: { $0.tap.number == number }) else { return false }
        return items[place].slots.insert(slot).inserted
    }

    /// The taps that follow the connection.
    func following(_ slot: SlotID) -> [LoopTap] {
        items.filter { $0.slots.contains(slot) }.map(\.tap)
    }

    func isFollowed(_ slot: SlotID) -> Bool { items.contains { $0.slots.contains(slot) } }

    /// The taps of users, with the connections that they follow.
    var ofUsers: [(tap: LoopTap, slots: Set<SlotID>)] {
        items.filter { $0.tap.user != nil }.map { ($0.tap, $0.slots) }
    }

    func following(channel: String) -> [LoopTap] {
        items.filter { $0.tap.follows(channel: channel) }.map(\.tap)
    }

    /// The connection is gone.
    mutating func forget(_ slot: SlotID) {
        for place in items.indices { items[place].slots.remove(slot) }
        if let asked = questions.removeValue(forKey: slot) { questionCount -= asked.count }
    }

    // MARK: Commands

    /// Remembers what is asked; a client that uses an id twice is answered in the order it asked, or not at all.
    mutating func ask(_ slot: SlotID, _ id: UInt32, _ question: Question) {
        guard id != 0, questionCount < Self.questionsMax else { return }
        if questions[slot, default: [:]].updateValue(question, forKey: id) == nil { questionCount += 1 }
    }

    func isAsked(_ slot: SlotID) -> Bool { questions[slot] != nil }

    mutating func answer(_ slot: SlotID, _ id: UInt32) -> Question? {
        guard let question = questions[slot]?.removeValue(forKey: id) else { return nil }
        questionCount -= 1
        if questions[slot]?.isEmpty == true { questions[slot] = nil }
        return question
    }
}
