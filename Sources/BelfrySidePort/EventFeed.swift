package import BelfryObserve
import NIOCore
import Synchronization

// A feed of server-sent events (HTML Living Standard, section 9.2) and those who follow it.
//
// publish ─▶ ring (the last `ringCount`, for those who come back) ─▶ each follower's own queue ─▶ its connection
//
// Always: (1) a follower sees entries in order, none twice; (2) one that does not take its entries is cut when its queue is
// full, and comes back to the ring; (3) nothing a follower does makes `publish` wait.

/// Something of the side port that is followed live.
package protocol SideFeed: Sendable {
    var stream: SideStream { get }
    /// Followers at this moment.
    var followerCount: Int { get }
    /// Due every 15 seconds.
    func beat()
}

extension JournalFeed: SideFeed {}

/// Tells any number of followers what happens, as it happens.
package final class EventFeed: SideFeed {
    package struct Limits: Sendable {
        /// Entries that are kept for followers who come back.
        package var ringCount = 256
        /// At one time; further ones are refused.
        package var followers = 16
        /// Entries that may wait for one follower.
        package var waiting = 256

        package init() {}
    }

    private struct Entry: Sendable {
        let number: UInt64
        let text: String
    }

    private struct State {
        var ring: [Entry] = []
        var lastNumber: UInt64 = 0
        var followers: [Int: AsyncStream<ByteBuffer>.Continuation] = [:]
        var nextFollower = 0
        var isEnded = false
    }

    package let stream: SideStream
    private let uid: String
    private let limits: Limits
    private let onLoss: @Sendable (SideStream) -> Void
    private let state = Mutex(State())

    /// A feed whose ids begin with `uid`, which tells this process's from those of the one before: hex digits.
    ///
    /// `onLoss` is called for each follower that is cut because it is slow.
    package init(
        _ stream: SideStream, uid: String, limits: Limits = Limits(),
        onLoss: @escaping @Sendable (SideStream) -> Void = { _ in }
    ) {
        self.stream = stream
        self.uid = uid
        self.limits = limits
        self.onLoss = onLoss
    }

    /// Followers at this moment.
    package var followerCount: Int { state.withLock { $0.followers.count } }

    /// Tells all followers; never waits.
    ///
    /// - Parameters:
    ///   - name: The type of the event.
    ///   - data: One line, usually JSON; line ends in it are left out.
    package func publish(_ name: String, _ data: String) {
        state.withLock { state in
            guard !state.isEnded else { return }
            state.lastNumber &+= 1
            let entry = Entry(
                number: state.lastNumber,
                text: "id: \(uid)-\(state.lastNumber)\nevent: \(name)\ndata: \(data.inOneLine)\n\n")
            state.ring.append(entry)
            if state.ring.count > limits.ringCount { state.ring.removeFirst() }
            send(entry.text, &state)
        }
    }

    /// A comment, so that proxies keep the connection and a lost follower is noticed; due every 15 seconds.
    package func beat() { state.withLock { send(": \n\n", &$0) } }

    /// Ends every follower's answer; later ones end at once.
    package func end() {
        state.withLock { state in
            state.isEnded = true
            for follower in state.followers.values { follower.finish() }
            state.followers = [:]
        }
    }

    private func send(_ text: String, _ state: inout State) {
        for (number, follower) in state.followers {
            guard case .dropped = follower.yield(ByteBuffer(string: text)) else { continue }
            follower.finish()
            state.followers[number] = nil
            onLoss(stream)
        }
    }

    /// A new follower's bytes, or `nil` when there are as many as may be.
    ///
    /// Who comes back with the last id it saw gets what it missed; when that is no longer there, an event `gap` tells
    /// it to look at the whole state anew.
    func follow(after lastID: String?) -> AsyncStream<ByteBuffer>? {
        state.withLock { state in
            guard state.followers.count < limits.followers, !state.isEnded else { return nil }
            let (bytes, follower) = AsyncStream.makeStream(
                of: ByteBuffer.self, bufferingPolicy: .bufferingOldest(limits.waiting + 1))
            let number = state.nextFollower
            state.nextFollower += 1
            state.followers[number] = follower
            follower.onTermination = { [weak self] _ in
                // Not under the lock: a follower that is cut ends while it is held.
                Task { self?.forget(number) }
            }
            follower.yield(ByteBuffer(string: "retry: 3000\n\n" + missed(after: lastID, state)))
            return bytes
        }
    }

    private func forget(_ number: Int) { state.withLock { $0.followers[number] = nil } }

    private func missed(after lastID: String?, _ state: State) -> String {
        guard let lastID, !lastID.isEmpty else { return "" }
        let parts = lastID.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == uid, let last = UInt64(parts[1]), last <= state.lastNumber,
            last &+ 1 >= state.ring.first?.number ?? state.lastNumber &+ 1
        else { return "event: gap\ndata: {}\n\n" }
        return state.ring.filter { $0.number > last }.map(\.text).joined()
    }
}

extension String {
    /// Server-sent events end a line at CR as well as at LF.
    fileprivate var inOneLine: String {
        unicodeScalars.contains { $0 == "\n" || $0 == "\r" }
            ? String(String.UnicodeScalarView(unicodeScalars.filter { $0 != "\n" && $0 != "\r" })) : self
    }
}
