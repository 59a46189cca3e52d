import BelfryBytes
package import BelfryObserve
import Synchronization

/// The journal: a queue that never blocks, and one thread behind it that may.
///
/// `sd_journal_sendv` waits while journald stands still and succeeds while it is gone. So nobody but the writer
/// thread ever calls it. Callers leave their event under a lock that is held for well under a microsecond; when
/// the writer is stuck the lanes fill, then refuse, and every refusal is counted at once and told in the journal
/// later, by one `journal.gap`. Losing entries never stops the service; losing them in silence does not happen.
///
/// Call `close` before the process ends. The thread keeps the journal alive until then.
package final class Journal: EventSink, Sendable {
    /// What callers and the writer share.
    struct State: Sendable {
        var queue: EventQueue
        var aggregator: EventAggregator
        var level: Priority
        var statistics = JournalStatistics()
        /// Written by the writer thread alone, under this lock.
        var shard: MetricShard?
        var isClosing = false
        /// Since when the writer is at work on one entry or one batch; `nil` while it waits for events.
        var busySince: Instant?
        /// Audit numbers are missing where entries go, and no `journal.gap` has told of it yet.
        var isGapOpen = false
        /// The newest audit entry that journald took.
        var newestAudit: SentEntry?
        /// The writer has found nothing to do and must be woken.
        var isWriterIdle = false
    }

    enum Work: Sendable {
        case element(EventQueue.Element)
        /// Nothing now: look again in a moment, without being woken.
        case rest
        /// Nothing before this moment, unless an event comes.
        case idle(until: Instant?)
        case finished
    }

    private let state: Mutex<State>
    /// How long the writer looks away once its queue is empty, before it asks to be woken.
    ///
    /// Waking it for each entry of a reconnect storm cost a sixth of the relay's time; entries that wait 20
    /// ms are written together, and none later. Shorter rests throw the loops' caches away more often.
    private static let restTime = Duration.milliseconds(20)

    /// Shown each entry that was written; `nil` while nobody looks.
    package typealias Watcher = @Sendable (EntryBuffer, EventKind, Priority, _ time: UInt64) -> Void

    private let watcher = Mutex<Watcher?>(nil)
    private let isWatched = Atomic<Bool>(false)
    private let arrival = Wakeup()
    private let finish = Wakeup()
    private let stallLimit: Duration
    /// Wakes the thread that reads back, at the end.
    private let reading = Wakeup()

    /// Starts the writer thread.
    ///
    /// - `standardError`: the descriptor for modes `auto` and `stderr`; it stays the caller's.
    ///
    /// Throws `unreachable` in mode `required` when journald does not answer.
    package convenience init(_ settings: JournalSettings, standardError: Int32 = 2) throws(JournalError) {
        try self.init(
            settings, transport: SystemdTransport(), stream: DescriptorStream(descriptor: standardError))
    }

    init(
        _ settings: JournalSettings, transport: any JournalTransport, stream: any LineStream
    ) throws(JournalError) {
        let route = try Self.firstRoute(settings.mode, transport)
        var first = State(
            queue: EventQueue(limits: settings.queue),
            aggregator: EventAggregator(window: settings.aggregationWindow), level: settings.level)
        first.statistics.route = route
        state = Mutex(first)
        stallLimit = settings.stallLimit
        let code = WriterThread.start { [self] in
            write(settings, route: route, transport: transport, stream: stream)
        }
        if let code { throw .threadNotStarted(errno: code) }
        guard settings.mode != .stderr, settings.verifyInterval > .zero else { return }
        // Without this thread entries are only not verified.
        _ = WriterThread.start(named: "belfry-readback") { [self] in
            readBack(every: settings.verifyInterval, transport: transport, stream: stream)
        }
    }

    private static func firstRoute(
        _ mode: JournalSettings.Mode, _ transport: any JournalTransport
    ) throws(JournalError) -> JournalStatistics.Route {
        if mode == .stderr { return .standardError }
        switch transport.probe() {
        case .listening: return .journald
        case .absent(let errno), .unknown(let errno):
            if mode == .required { throw .unreachable(path: SystemdTransport.path, errno: errno) }
            return .standardError
        }
    }

    /// Leaves the event for the writer, or counts why it cannot.
    package func record(_ event: Event) {
        var event = event
        // An auditor asks when it happened, not when journald had time for it.
        if event.kind.isAudit { event.time = Clocks.wallMicroseconds() }
        // Only floods need the other time.
        let now = event.kind.isAggregated ? Clocks.now() : Instant(nanoseconds: 0)
        let mustWake = state.withLock { state in
            state.offer(event, at: now)
            defer { state.isWriterIdle = false }
            return state.isWriterIdle
        }
        if mustWake { arrival.raise() }
    }

    /// The level below which information is left out; audit events have none.
    ///
    /// Changing it is itself an audit event, which is the caller's to record.
    package var level: Priority {
        get { state.withLock { $0.level } }
        set { state.withLock { $0.level = newValue } }
    }

    /// Shows how long each write takes in a shard of its own from now on.
    package func observe(in shard: MetricShard) { state.withLock { $0.shard = shard } }

    /// Shows each entry to `watcher` from now on, and to nobody with `nil`.
    ///
    /// It is called on the thread that writes, which everything waits for.
    package func watch(with watcher: Watcher?) {
        self.watcher.withLock { $0 = watcher }
        isWatched.store(watcher != nil, ordering: .relaxed)
    }

    package var statistics: JournalStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.queueLength = state.queue.count
            statistics.auditFill = state.queue.auditFill
            statistics.trouble = state.trouble(at: Clocks.now(), stallLimit: stallLimit)
            return statistics
        }
    }

    /// Takes no more events and waits until all that came before are written, at most for `flushWithin`.
    ///
    /// Returns how many entries were still waiting when the time was over; 0 is a complete journal. One more may
    /// be stuck in the call to journald, or one batch of lines in the write to standard error.
    @discardableResult
    package func close(flushWithin limit: Duration) -> Int {
        let isFirst = state.withLock { state in
            defer { state.isClosing = true }
            if !state.isClosing { state.releaseAggregates() }
            return !state.isClosing
        }
        guard isFirst else { return state.withLock { $0.queue.count } }
        arrival.raise()
        reading.raise()
        let isFinished = finish.wait(until: Clocks.now() + limit)
        return isFinished ? 0 : max(1, state.withLock { $0.queue.count })
    }
}

// MARK: The writer's side

extension Journal {
    /// The thread's body.
    private func write(
        _ settings: JournalSettings, route: JournalStatistics.Route, transport: any JournalTransport,
        stream: any LineStream
    ) {
        var writer = JournalWriter(
            journal: self, settings: settings, route: route, transport: transport, stream: stream)
        writer.announceStart()
        var nextProbe = Clocks.now() + settings.probeInterval
        var hasRested = false
        var now = Clocks.now()
        while true {
            let work = take(at: now, hasRested: hasRested)
            hasRested = false
            switch work {
            case .element(let element): writer.write(element)
            case .rest:
                writer.flush()
                hasRested = true
                _ = arrival.wait(until: Clocks.now() + Self.restTime)
            case .finished:
                // The last chance to find journald back and to tell what it missed.
                writer.probe()
                state.withLock { $0.busySince = nil }
                return finish.raise()
            case .idle(let aggregates):
                let wake = min(nextProbe, aggregates ?? nextProbe)
                _ = arrival.wait(until: wake)
            }
            now = Clocks.now()
            if now >= nextProbe {
                // It may write a gap, and stand still over it.
                state.withLock { $0.busySince = now }
                writer.probe()
                nextProbe = now + settings.probeInterval
            }
        }
    }

    private func take(at now: Instant, hasRested: Bool) -> Work {
        state.withLock { state in
            for event in state.aggregator.expire(at: now) { state.enqueue(event) }
            state.busySince = now
            if let element = state.queue.take() { return .element(element) }
            if state.isClosing { return .finished }
            if !hasRested { return .rest }
            state.isWriterIdle = true
            state.busySince = nil
            return .idle(until: state.aggregator.nextDeadline)
        }
    }

    /// - `sent`: what it is found by, if it is an audit entry.
    func countWrite(of event: Event, _ sent: SentEntry?, took duration: Duration) {
        state.withLock { state in
            if let sent { state.newestAudit = sent }
            state.countWrite(took: duration)
            state.countEntry(event.kind, event.priority)
        }
    }

    /// One write for many lines.
    func countWrite(of lines: ArraySlice<LineBatch.Line>, took duration: Duration) {
        state.withLock { state in
            state.countWrite(took: duration)
            for line in lines { state.countEntry(line.kind, line.priority) }
        }
    }

    /// Costs a load while nobody looks.
    func show(_ entry: EntryBuffer, of event: Event) {
        guard isWatched.load(ordering: .relaxed), let watcher = watcher.withLock({ $0 }) else { return }
        watcher(entry, event.kind, event.priority, Clocks.wallMicroseconds())
    }

    func countDrop(_ reason: DropReason) {
        state.withLock { $0.statistics.dropped[reason] &+= 1 }
    }

    func note(route: JournalStatistics.Route) {
        state.withLock { $0.statistics.route = route }
    }

    func note(isGapOpen: Bool) { state.withLock { $0.isGapOpen = isGapOpen } }
}

// MARK: The reader's side

extension Journal {
    /// The body of the thread that reads the newest audit entry back.
    ///
    /// When a relay has nothing to audit the newest entry stays the same: that it is still there is what an idle
    /// relay can prove.
    private func readBack(every interval: Duration, transport: any JournalTransport, stream: any LineStream) {
        var plan = ReadbackPlan(interval: interval)
        while !state.withLock({ $0.isClosing }) {
            _ = reading.wait(until: Clocks.now() + plan.pause)
            let (route, entry) = state.withLock { ($0.statistics.route, $0.newestAudit) }
            guard route == .journald, let entry else { continue }
            let readback = transport.find(entry)
            guard plan.counts(readback) else { continue }
            let seconds = Int64(clamping: Clocks.wallMicroseconds() / 1_000_000)
            state.withLock { $0.note(readback, at: seconds) }
            if let notice = plan.notice(for: readback) { _ = stream.write(Array(notice.utf8)) }
        }
    }
}
