import BelfryBytes
import BelfryObserve

/// What the writer thread holds: the number of the last audit entry, the way entries take, and what is missing.
///
/// The rule that makes BELFRY_SEQ a proof: audit events are numbered here, in the order of writing; an event that
/// cannot be written keeps its number; and while numbers are missing untold, nothing else is written before the
/// `journal.gap` that names them. So each break in the numbers is followed by the entry that explains it.
struct JournalWriter {
    private enum Outcome {
        /// Journald has it.
        case written
        /// Among the lines for standard error; what becomes of it is known after `flush`.
        case batched
        case lost(DropReason)
    }

    private let journal: Journal
    private let mode: JournalSettings.Mode
    private let transport: any JournalTransport
    private let stream: any LineStream
    private let encoder: EventEncoder
    private var chain: ChainWriter

    private var entry = EntryBuffer()
    /// Empty unless standard error is the route.
    private var batch = LineBatch()
    private var lastSequence: UInt64 = 0
    private var route: JournalStatistics.Route
    /// What readers of journald miss, and what readers of standard error miss while that is the route.
    private var journalGap = SequenceGap()
    private var streamGap = SequenceGap()
    /// What the journal's state was told of `isGapOpen`.
    private var hasOpenGap = false

    init(
        journal: Journal, settings: JournalSettings, route: JournalStatistics.Route,
        transport: any JournalTransport, stream: any LineStream
    ) {
        self.journal = journal
        self.mode = settings.mode
        self.transport = transport
        self.stream = stream
        self.route = route
        encoder = EventEncoder(threadID: WriterThread.currentID)
        chain = ChainWriter(key: settings.chainKey)
    }

    private var gap: SequenceGap {
        switch route {
        case .journald: journalGap
        case .standardError: streamGap
        case .nowhere: SequenceGap()
        }
    }

    mutating func write(_ element: EventQueue.Element) {
        switch element {
        case .event(let event): write(event)
        case .losses(let losses): account(for: losses)
        }
    }

    private mutating func write(_ event: Event) {
        let obstacle = tellGap()
        let sequence = event.kind.isAudit ? lastSequence &+ 1 : nil
        lastSequence = sequence ?? lastSequence
        switch obstacle.map({ .lost($0) }) ?? hand(over: event, sequence) {
        case .written: break
        case .batched: if batch.isFull { flush() }
        case .lost(let reason): lose(sequence, reason)
        }
    }

    private mutating func lose(_ sequence: UInt64?, _ reason: DropReason) {
        journalGap.addLoss(reason, sequence: sequence)
        if route == .standardError { streamGap.addLoss(reason, sequence: sequence) }
        journal.countDrop(reason)
        noteGap()
    }

    private mutating func noteGap() {
        let isOpen = gap.sequences != nil
        guard isOpen != hasOpenGap else { return }
        hasOpenGap = isOpen
        journal.note(isGapOpen: isOpen)
    }

    /// Refused by the queue and counted there; here they take their numbers.
    private mutating func account(for losses: EventQueue.Losses) {
        flush()
        journalGap.add(losses, after: lastSequence)
        if route == .standardError { streamGap.add(losses, after: lastSequence) }
        lastSequence &+= losses.audit
        noteGap()
        _ = tellGap()
    }

    /// Writes the entry that explains missing numbers, if there is one to write; returns what prevented it.
    ///
    /// It goes at once and alone: what it tells is only forgotten when it is known to be written.
    @discardableResult
    private mutating func tellGap() -> DropReason? {
        guard !gap.isEmpty else { return nil }
        let sequence = lastSequence &+ 1
        var event = gap.event
        event.time = Clocks.wallMicroseconds()
        switch hand(over: event, sequence) {
        case .lost(let reason): return reason
        case .written: journalGap = SequenceGap()
        case .batched:
            defer { batch.removeAll() }
            guard !writeBatch().isEmpty else { return .sendError }
            if mode == .stderr {
                journalGap = SequenceGap()
            } else {
                journalGap.addDiverted(sequence: sequence)
            }
        }
        streamGap = SequenceGap()
        lastSequence = sequence
        noteGap()
        return nil
    }

    private mutating func hand(over event: Event, _ sequence: UInt64?) -> Outcome {
        encoder.encode(event, sequence: sequence, into: &entry)
        if route == .journald, let outcome = send(event, sequence) { return outcome }
        guard route == .standardError else { return .lost(.absent) }
        batch.add(entry, of: event, sequence)
        journal.show(entry, of: event)
        return .batched
    }

    /// Nil when journald turns out to be gone; the route is another then.
    private mutating func send(_ event: Event, _ sequence: UInt64?) -> Outcome? {
        let plainItems = entry.items.count
        if sequence != nil { seal() }
        let begin = Clocks.now()
        let sentAt = Clocks.wallMicroseconds()
        switch transport.send(entry) {
        case .sent:
            let sent = sequence.map { SentEntry(sequence: $0, chain: chain.next, sentAt: sentAt) }
            if sent != nil { chain.advance() }
            journal.countWrite(of: event, sent, took: Clocks.now() - begin)
            journal.show(entry, of: event)
            return .written
        case .oversize: return .lost(.oversize)
        case .failed: return .lost(.sendError)
        case .absent:
            leaveJournald()
            // The chain is the journal's: standard error is no place to check it.
            entry.removeItems(from: plainItems)
            return nil
        }
    }

    /// Binds the entry to those before it; the process's first one also to those of the process before.
    private mutating func seal() {
        chain.seal(&entry, before: chain.isAtStart ? transport.newestChain() : nil)
    }

    /// Writes what stands in the batch, and gives each line its outcome.
    mutating func flush() {
        guard !batch.lines.isEmpty else { return }
        let written = writeBatch()
        if mode != .stderr { for line in written { journalGap.addDiverted(sequence: line.sequence) } }
        for line in batch.lines[written.endIndex...] { lose(line.sequence, .sendError) }
        batch.removeAll()
    }

    /// One write for the whole batch; returns the lines that went out completely, which are its first.
    private func writeBatch() -> ArraySlice<LineBatch.Line> {
        let begin = Clocks.now()
        let taken = stream.write(batch.bytes)
        let written = batch.lines.prefix { $0.end <= taken }
        if !written.isEmpty { journal.countWrite(of: written, took: Clocks.now() - begin) }
        return written
    }

    /// Looks for journald while it is absent; when it is back, tells it what it missed.
    mutating func probe() {
        flush()
        defer { tellGap() }
        guard mode != .stderr else { return }
        switch (transport.probe(), route) {
        case (.absent, .journald): leaveJournald()
        case (.listening, .standardError), (.listening, .nowhere):
            route = .journald
            journal.note(route: route)
            noteGap()
            announce("journald is back, entries go there again")
        default: break
        }
    }

    private mutating func leaveJournald() {
        route = mode == .auto ? .standardError : .nowhere
        journal.note(route: route)
        noteGap()
        announce(
            mode == .auto
                ? "journald is absent, entries go to standard error until it is back"
                : "journald is absent, entries are lost until it is back")
    }

    func announceStart() {
        guard mode == .auto, route == .standardError else { return }
        announce("journald is absent, entries go to standard error until it is back")
    }

    /// One line for whoever looks at standard error; not an entry, and nobody waits for it.
    private func announce(_ text: String) {
        _ = stream.write(Array("warning journal \"\(text)\"\n".utf8))
    }
}
