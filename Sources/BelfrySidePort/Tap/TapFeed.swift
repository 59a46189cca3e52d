import Foundation
package import NIOCore
import Synchronization

// What one operator follows, from the loops to his connection.
//
// show ─▶ so many a second, the others counted ─▶ queue of a bounded length ─▶ his connection
//
// Always: (1) nothing he does makes a loop wait: when his queue is full the tap ends. (2) It ends once, for one reason,
// which he is told. (3) What is left out is counted, and the count is shown before the next entry.

/// One tap's entries on their way to whoever opened it.
package final class TapFeed: Sendable {
    package struct Limits: Sendable {
        /// In one second; a person reads ten, a program stores a thousand.
        package var entriesPerSecond: UInt64 = 1_000
        /// Entries that may wait; with bodies, 4 MiB at most.
        package var waiting = 512
        /// Between two comments that tell whether anybody is still there.
        package var beat = Duration.seconds(15)

        package init() {}
    }

    /// Why a tap has ended.
    package enum End: String, Sendable {
        /// Its time was over.
        case time
        /// Entries were not taken.
        case slow
        /// Nobody is there any more.
        case gone
        /// The relay ends.
        case drain
    }

    private struct State {
        var follower: AsyncStream<ByteBuffer>.Continuation?
        var clock: Task<Void, Never>?
        var end: End?
        /// Which second the counts below are of.
        var second: Int64 = 0
        var inSecond: UInt64 = 0
        var leftOut: UInt64 = 0
        var shown: UInt64 = 0
        var isFinished = false

        mutating func takeLeftOut() -> UInt64 {
            defer { leftOut = 0 }
            return leftOut
        }
    }

    private let limits: Limits
    private let onEnd: @Sendable (TapFeed, End) -> Void
    private let state = Mutex(State())

    /// - `onEnd`: Called once, by any thread, a loop's included.
    package init(limits: Limits = Limits(), onEnd: @escaping @Sendable (TapFeed, End) -> Void) {
        self.limits = limits
        self.onEnd = onEnd
    }

    package var end: End? { state.withLock { $0.end } }
    /// Entries that were handed on.
    package var shownCount: UInt64 { state.withLock { $0.shown } }
    /// The follower has been told all, or is gone.
    package var isFinished: Bool { state.withLock { $0.isFinished } }

    /// The bytes for the follower; call it once, before the first entry.
    package func start(for duration: Duration) -> TapStream {
        let (parts, follower) = AsyncStream.makeStream(
            of: ByteBuffer.self, bufferingPolicy: .bufferingOldest(limits.waiting))
        follower.onTermination = { [weak self] reason in
            if case .cancelled = reason { self?.end(.gone) }
        }
        let isOver = state.withLock { state in
            state.follower = follower
            guard state.end == nil else { return true }
            state.clock = Task { [weak self, beat = limits.beat] in
                await Self.run(for: duration, beat: beat) { self?.beat() }
                if !Task.isCancelled { self?.end(.time) }
            }
            return false
        }
        if isOver { follower.finish() }
        return TapStream(parts: parts, feed: self)
    }

    private static func run(for duration: Duration, beat: Duration, _ body: () -> Void) async {
        var left = duration
        while left > .zero, !Task.isCancelled {
            let pause = min(left, beat)
            try? await Task.sleep(for: pause)
            left -= pause
            if left > .zero { body() }
        }
    }

    /// Makes an entry to be filled and shown.
    ///
    /// - Parameters:
    ///   - kind: What it tells.
    ///   - time: Milliseconds since 1970, by a clock that does not run backwards.
    /// - Returns: `nil` when this second has no room for it, or nobody follows any more.
    package func entry(_ kind: TapEntry.Kind, at time: Int64) -> TapEntry? {
        let (isAdmitted, leftOut) = state.withLock { state -> (Bool, UInt64) in
            guard state.end == nil else { return (false, 0) }
            // Loops tick at their own times: what comes late counts as of the second that has begun.
            let begins = time / 1_000 > state.second
            if begins { (state.second, state.inSecond) = (time / 1_000, 0) }
            guard state.inSecond < limits.entriesPerSecond else {
                state.leftOut += 1
                return (false, 0)
            }
            state.inSecond += 1
            guard begins, state.leftOut > 0 else { return (true, 0) }
            return (true, state.takeLeftOut())
        }
        tell(leftOut: leftOut, at: time)
        return isAdmitted ? TapEntry(kind, at: time) : nil
    }

    /// Shows an entry that ``entry(_:at:)`` gave; never waits.
    package func show(_ entry: TapEntry) { send(ByteBuffer(entry), counts: true) }

    private func tell(leftOut count: UInt64, at time: Int64) {
        guard count > 0 else { return }
        var entry = TapEntry(.leftOut, at: time)
        entry.add("count", count)
        show(entry)
    }

    /// A comment, so that a follower who is gone is noticed; and the count of what was left out, if nothing came since.
    private func beat() {
        tell(leftOut: state.withLock { $0.takeLeftOut() }, at: Self.milliseconds())
        send(ByteBuffer(string: ": \n\n"), counts: false)
    }

    private func send(_ bytes: ByteBuffer, counts: Bool) {
        guard let follower = state.withLock({ $0.end == nil ? $0.follower : nil }) else { return }
        switch follower.yield(bytes) {
        case .enqueued: if counts { state.withLock { $0.shown += 1 } }
        case .dropped: end(.slow)
        default: return
        }
    }

    /// Ends the tap; a later reason does not count.
    package func end(_ reason: End) {
        let ended = state.withLock { state -> State? in
            guard state.end == nil else { return nil }
            state.end = reason
            if reason == .gone { state.isFinished = true }
            return state
        }
        guard let ended else { return }
        ended.clock?.cancel()
        ended.follower?.finish()
        onEnd(self, reason)
    }

    /// What the follower hears last.
    fileprivate func lastWords() -> ByteBuffer {
        let (end, leftOut) = state.withLock { ($0.end ?? .gone, $0.takeLeftOut()) }
        var entry = TapEntry(.end, at: Self.milliseconds())
        entry.add("reason", end.rawValue)
        if leftOut > 0 { entry.add("left_out", leftOut) }
        return ByteBuffer(entry)
    }

    private static func milliseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

    fileprivate func finish() { state.withLock { $0.isFinished = true } }
}

extension ByteBuffer {
    /// As server-sent events are written (HTML Living Standard, section 9.2).
    fileprivate init(_ entry: TapEntry) {
        self.init(bytes: Array("data: ".utf8) + entry.json + [0x0A, 0x0A])
    }
}

/// What waits in a tap's queue, then why it ended.
package struct TapStream: AsyncSequence, Sendable {
    let parts: AsyncStream<ByteBuffer>
    let feed: TapFeed

    package typealias Element = ByteBuffer
    package typealias Failure = Never

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(parts: parts.makeAsyncIterator(), feed: feed)
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        package typealias Element = ByteBuffer
        package typealias Failure = Never

        private var parts: AsyncStream<ByteBuffer>.Iterator
        private let feed: TapFeed
        private var isOver = false

        fileprivate init(parts: AsyncStream<ByteBuffer>.Iterator, feed: TapFeed) {
            self.parts = parts
            self.feed = feed
        }

        package mutating func next(isolation actor: isolated (any Actor)?) async -> ByteBuffer? {
            if !isOver, let part = await parts.next(isolation: actor) { return part }
            guard !isOver else {
                feed.finish()
                return nil
            }
            isOver = true
            return feed.lastWords()
        }
    }
}
