package import BelfryObserve
import NIOCore
import Synchronization

// The journal's entries for those who follow them (server-sent events, HTML Living Standard, section 9.2).
//
// show ─▶ ring (the last `ringCount`, for those who come back) ─▶ each follower's filter and queue ─▶ its connection
//
// Always: (1) nothing a follower does makes `show` wait; (2) a follower sees entries in order, none twice; (3) what it did
// not take in time is lost to it, and it is told how many before the next one; (4) while nobody follows, and nobody has
// for half a minute, nothing is asked of the journal.

/// Shows entries as they are recorded to any number of followers.
package final class JournalFeed: Sendable {
    package struct Limits: Sendable {
        /// Entries that are kept for followers who come back; a kilobyte each.
        package var ringCount = 256
        /// At one time; further ones are refused.
        package var followers = 8
        /// Entries that may wait for one follower.
        package var waiting = 256
        /// Beats without a follower after which nothing is kept any more.
        package var idleBeats = 3
        /// Beats of one follower, an hour: then its key is asked for again.
        package var lifeBeats = 240

        package init() {}
    }

    /// Why a follower's stream has ended.
    enum End: String {
        /// An hour is over.
        case time
        /// Its key is not in force any more.
        case key
        /// The relay ends.
        case drain
    }

    private struct Entry: Sendable {
        let number: UInt64
        let kind: EventKind
        let priority: Priority
        let text: ByteBuffer
    }

    private struct Follower {
        let filter: EntryFilter
        let queue: AsyncStream<ByteBuffer>.Continuation
        let isAllowed: @Sendable () -> Bool
        var lost: UInt64 = 0
        var beats = 0
    }

    private struct State {
        var ring: [Entry] = []
        var lastNumber: UInt64 = 0
        var followers: [UInt64: Follower] = [:]
        var nextFollower: UInt64 = 0
        /// Those whose last bytes are not written yet, the others included.
        var unwritten: Set<UInt64> = []
        var idleBeats = 0
        var isActive = false
        var isEnded = false
    }

    package let stream = SideStream.events
    private let uid: String
    private let limits: Limits
    private let onActive: @Sendable (JournalFeed, Bool) -> Void
    private let onLoss: @Sendable (SideStream) -> Void
    private let state = Mutex(State())
    private let switching = Mutex<Void>(())

    /// - Parameters:
    ///   - uid: Tells this process's ids from those of the one before: hex digits.
    ///   - limits: What it may hold.
    ///   - onActive: Told when entries are wanted, and when they are not any more; not under a lock of who calls `show`.
    ///   - onLoss: Called for each entry that a slow follower does not get.
    package init(
        uid: String, limits: Limits = Limits(), onActive: @escaping @Sendable (JournalFeed, Bool) -> Void,
        onLoss: @escaping @Sendable (SideStream) -> Void = { _ in }
    ) {
        self.uid = uid
        self.limits = limits
        self.onActive = onActive
        self.onLoss = onLoss
    }

    package var followerCount: Int { state.withLock { $0.followers.count } }
    /// Every follower that was told of the end has been sent it.
    package var isWritten: Bool { state.withLock { $0.unwritten.isEmpty } }

    /// Shows an entry; called in the order of the journal, by the thread that writes it.
    ///
    /// - Parameters:
    ///   - entry: Whole, as the journal has it.
    ///   - kind: What it tells of.
    ///   - priority: Its own.
    ///   - time: Microseconds since 1970.
    package func show(_ entry: EntryBuffer, _ kind: EventKind, _ priority: Priority, at time: UInt64) {
        let json = entry.jsonLine(at: time)
        state.withLock { state in
            guard state.isActive else { return }
            state.lastNumber &+= 1
            var text = ByteBuffer(string: "id: \(uid)-\(state.lastNumber)\nevent: entry\ndata: ")
            text.writeBytes(json)
            text.writeString("\n\n")
            let entry = Entry(number: state.lastNumber, kind: kind, priority: priority, text: text)
            state.ring.append(entry)
            if state.ring.count > limits.ringCount { state.ring.removeFirst() }
            for number in state.followers.keys { offer(entry, to: &state.followers[number]) }
        }
    }

    private func offer(_ entry: Entry, to follower: inout Follower?) {
        guard follower?.filter.accepts(entry.kind, entry.priority) == true else { return }
        guard tellLost(&follower), case .enqueued = follower?.queue.yield(entry.text) else {
            follower?.lost &+= 1
            return onLoss(stream)
        }
    }

    /// - Returns: Whether nothing is untold.
    private func tellLost(_ follower: inout Follower?) -> Bool {
        guard let lost = follower?.lost, lost > 0 else { return true }
        let text = ByteBuffer(string: "event: lost\ndata: {\"count\":\(lost)}\n\n")
        guard case .enqueued = follower?.queue.yield(text) else { return false }
        follower?.lost = 0
        return true
    }

    // MARK: Followers

    /// Lets a follower in.
    ///
    /// - Parameters:
    ///   - filter: What it wants to see.
    ///   - lastID: What it saw last, when it comes back; it gets what it missed, and an event `gap` when that is not there.
    ///   - isAllowed: Asked every 15 seconds; the stream ends when it is not so any more.
    /// - Returns: Its bytes; `nil` when there are as many followers as may be, or the relay ends.
    package func follow(
        _ filter: EntryFilter, after lastID: String?, while isAllowed: @escaping @Sendable () -> Bool
    ) -> JournalStream? {
        let made = state.withLock { state -> (JournalStream, begins: Bool)? in
            guard state.followers.count < limits.followers, !state.isEnded else { return nil }
            let (parts, queue) = AsyncStream.makeStream(
                of: ByteBuffer.self, bufferingPolicy: .bufferingOldest(limits.waiting + 1))
            state.nextFollower &+= 1
            let number = state.nextFollower
            queue.yield(first(after: lastID, filter, state))
            state.followers[number] = Follower(filter: filter, queue: queue, isAllowed: isAllowed)
            state.unwritten.insert(number)
            queue.onTermination = { [weak self] reason in
                // Not under the lock, which may be held by whoever ends it.
                if case .cancelled = reason { Task { self?.leave(number) } }
            }
            defer { (state.isActive, state.idleBeats) = (true, 0) }
            return (JournalStream(parts: parts, feed: self, number: number), begins: !state.isActive)
        }
        if made?.begins == true { tellActive() }
        return made?.0
    }

    /// Two who change it at one time must not be heard in the other order.
    private func tellActive() {
        switching.withLock { _ in onActive(self, state.withLock { $0.isActive }) }
    }

    private func first(after lastID: String?, _ filter: EntryFilter, _ state: State) -> ByteBuffer {
        var text = ByteBuffer(string: "retry: 3000\n\n")
        guard let lastID, !lastID.isEmpty else { return text }
        let parts = lastID.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == uid, let last = UInt64(parts[1]), last <= state.lastNumber,
            last &+ 1 >= state.ring.first?.number ?? state.lastNumber &+ 1
        else {
            text.writeString("event: gap\ndata: {}\n\n")
            return text
        }
        for entry in state.ring where entry.number > last && filter.accepts(entry.kind, entry.priority) {
            text.writeImmutableBuffer(entry.text)
        }
        return text
    }

    /// It is gone, or has been sent all.
    func leave(_ number: UInt64) {
        state.withLock { state in
            state.followers.removeValue(forKey: number)?.queue.finish()
            state.unwritten.remove(number)
        }
    }

    private func end(_ number: UInt64, _ reason: End, _ state: inout State) {
        var follower = state.followers.removeValue(forKey: number)
        _ = tellLost(&follower)
        follower?.queue.yield(ByteBuffer(string: "event: end\ndata: {\"reason\":\"\(reason.rawValue)\"}\n\n"))
        follower?.queue.finish()
    }

    // MARK: Time

    /// Due every 15 seconds: a sign of life, the end of who may not follow any more, and rest when nobody does.
    package func beat() {
        let rests = state.withLock { state in
            for number in state.followers.keys { beat(number, &state) }
            guard state.followers.isEmpty, state.isActive else { return false }
            state.idleBeats += 1
            guard state.idleBeats >= limits.idleBeats else { return false }
            // What comes now has no number: whoever saw the last one has missed something.
            state.lastNumber &+= 1
            state.ring = []
            state.isActive = false
            return true
        }
        if rests { tellActive() }
    }

    private func beat(_ number: UInt64, _ state: inout State) {
        guard let follower = state.followers[number] else { return }
        guard follower.isAllowed() else { return end(number, .key, &state) }
        guard follower.beats < limits.lifeBeats else { return end(number, .time, &state) }
        state.followers[number]?.beats += 1
        if tellLost(&state.followers[number]) { follower.queue.yield(ByteBuffer(string: ": \n\n")) }
    }

    /// Ends every follower's answer, and lets none in any more.
    package func end() {
        state.withLock { state in
            state.isEnded = true
            for number in state.followers.keys { end(number, .drain, &state) }
        }
    }
}
