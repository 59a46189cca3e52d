import BelfryAPI
import BelfryAuth
import BelfryBytes
import BelfryJournal
import BelfryObserve
import BelfryReactor
import BelfrySidePort
import Dispatch
import Synchronization

// Taps of this process: opened on the side port's threads, told to the loops by mail, ended by time, by the operator, by
// his slowness, or with the relay. Opening and ending stand in the audit, with the name of the key.

/// The taps that are open.
final class TapDesk: Sendable {
    /// Each one costs its loops some work a message of whom it follows; few people look at one time.
    static let tapsMax = 4

    struct Open: Sendable {
        let number: UInt64
        let feed: TapFeed
        let audit: Event.Tap
        let startedAt: ContinuousClock.Instant
    }

    private struct State {
        var open: [Open] = []
        var last: UInt64 = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Taps at this moment.
    var count: Int { state.withLock { $0.open.count } }

    /// Enters a tap.
    ///
    /// - Returns: Its number, or `nil` when there are as many as may be or none any more.
    func enter(_ feed: TapFeed, _ audit: Event.Tap) -> UInt64? {
        state.withLock { state in
            guard !state.isClosed, state.open.count < Self.tapsMax else { return nil }
            state.last &+= 1
            state.open.append(Open(number: state.last, feed: feed, audit: audit, startedAt: .now))
            return state.last
        }
    }

    /// Strikes a tap out; `nil` when it was never entered.
    func remove(_ feed: TapFeed) -> Open? {
        state.withLock { state in
            state.open.firstIndex { $0.feed === feed }.map { state.open.remove(at: $0) }
        }
    }

    /// Ends all, and lets none in any more.
    ///
    /// - Returns: Those that were open.
    func close() -> [TapFeed] {
        let feeds = state.withLock { state in
            state.isClosed = true
            return state.open.map(\.feed)
        }
        for feed in feeds { feed.end(.drain) }
        return feeds
    }
}

/// Taps as the side port knows them.
struct RelayTaps: TapService {
    let relay: Relay

    var keys: APIKeys { relay.apiKeys }

    func unixSeconds() -> Int64 { WallClock.unixSeconds() }

    func open(_ request: TapRequest, by actor: String, from peer: String) -> TapStream? {
        let feed = TapFeed { [relay] feed, end in relay.tapEnded(feed, end) }
        let audit = relay.audit(request, actor, peer)
        guard let number = relay.taps.enter(feed, audit) else { return nil }
        relay.registry.shared.update { $0.adjust(.streamClients(.tap), by: 1) }
        relay.journal.record(.tapOpened(audit))
        let stream = feed.start(for: request.duration)
        let epoch = TapClock.epoch()
        let start = TapStart(loops: relay.mailboxes.count) { [loops = relay.mailboxes.count] in
            guard var entry = feed.entry(.begin, at: TapClock.time(MonotonicClock.now(), epoch)) else {
                return
            }
            entry.add("bodies", request.showsBodies)
            entry.add("seconds", request.duration.components.seconds)
            entry.add("loops", loops)
            feed.show(entry)
        }
        let tap = LoopTap(
            number: number, subject: request.subject, pseudonym: relay.pseudonym(of: request.subject),
            showsBodies: request.showsBodies, feed: feed, epoch: epoch, start: start)
        for mailbox in relay.mailboxes { relay.tell(mailbox, .open(tap, cursor: 0)) }
        return stream
    }

    func refused(_ denial: APIDenial, path: String, actor: String?, peer: String, status: Int) {
        relay.registry.shared.count(.apiDenials(denial.label))
        relay.journal.record(
            .adminRequest(peerAddress: peer, method: "GET", path: path, status: status, actor: actor))
    }
}

extension Relay {
    /// Until a full mailbox is tried again.
    private static let tapRetryPause = DispatchTimeInterval.milliseconds(20)

    fileprivate func audit(_ request: TapRequest, _ actor: String, _ peer: String) -> Event.Tap {
        var audit = Event.Tap(
            peerAddress: peer, actor: actor, subject: nil, roomHash: nil, showsBodies: request.showsBodies)
        switch request.subject {
        case .user(let name): audit.subject = configuration.journal.plainSubjects ? name : pseudonym.of(name)
        case .channel(let name): audit.roomHash = pseudonym.of(name)
        }
        return audit
    }

    fileprivate func pseudonym(of subject: TapRequest.Subject) -> String {
        switch subject {
        case .user(let name), .channel(let name): pseudonym.of(name)
        }
    }

    fileprivate func tell(_ mailbox: Mailbox<LoopMessage>, _ notice: TapNotice) {
        guard case .full = mailbox.post(.tap(notice)) else { return }
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.tapRetryPause) { [self] in
            tell(mailbox, notice)
        }
    }

    /// May be called on a loop: waits for nothing.
    fileprivate func tapEnded(_ feed: TapFeed, _ end: TapFeed.End) {
        guard let open = taps.remove(feed) else { return }
        registry.shared.update { shard in
            shard.adjust(.streamClients(.tap), by: -1)
            if end == .slow { shard.count(.streamDropped(.tap)) }
        }
        for mailbox in mailboxes { tell(mailbox, .close(open.number)) }
        journal.record(
            .tapClosed(open.audit, after: ContinuousClock.now - open.startedAt, entries: feed.shownCount))
    }

    /// Ends all taps when there is nothing more to see, and gives those who follow a moment to hear of it.
    ///
    /// Call it on the main thread.
    func endTaps() {
        let feeds = taps.close()
        // Half a second: one write to a peer that reads.
        let deadline = ContinuousClock.now + .milliseconds(500)
        let pause = DispatchSemaphore(value: 0)
        while feeds.contains(where: { !$0.isFinished }), ContinuousClock.now < deadline {
            _ = pause.wait(timeout: .now() + .milliseconds(5))
        }
    }
}

/// The wall clock as loops show it: read once a tap, so that its entries never run backwards.
enum TapClock {
    /// Milliseconds since 1970 at the origin of the loops' clock.
    static func epoch() -> Int64 {
        let now = Int64(clamping: MonotonicClock.now().nanoseconds / 1_000_000)
        return WallClock.unixMilliseconds() &- now
    }

    static func time(_ now: Instant, _ epoch: Int64) -> Int64 {
        epoch &+ Int64(clamping: now.nanoseconds / 1_000_000)
    }
}
