import BelfryBytes
import Synchronization
import Testing

@testable import BelfryJournal
@testable import BelfryObserve

@Suite struct JournalTests {
    private let journald = SimulatedJournal()
    private let stream = SimulatedStream()

    private func start(
        _ mode: JournalSettings.Mode = .auto, audit: Int = 8, info: Int = 4,
        _ change: (inout JournalSettings) -> Void = { _ in }
    ) throws -> Journal {
        var settings = JournalSettings(mode: mode)
        settings.queue.auditEntries = audit
        settings.queue.infoEntries = info
        settings.probeInterval = .milliseconds(1)
        change(&settings)
        return try Journal(settings, transport: journald, stream: stream)
    }

    private func close(_ journal: Journal) -> Int { journal.close(flushWithin: .seconds(60)) }

    /// Brings the writer into a send that does not return; one audit event is in flight then.
    private func stall(_ journal: Journal) {
        journald.stop()
        journal.record(.listenerAudit(0))
        #expect(journald.waits { $0.sends == 1 })
    }

    @Test func `audit events are numbered in the order of recording, others are not`() throws {
        let journal = try start(audit: 100, info: 100)
        for number in 0..<10 {
            journal.record(.listenerAudit(number))
            journal.record(.tlsTicketsRotated(generation: 1))
        }
        #expect(close(journal) == 0)
        #expect(journald.entries.compactMap { $0["BELFRY_SEQ"] } == (1...10).map(String.init))
        #expect(journald.entries.count == 20)
        let statistics = journal.statistics
        #expect(statistics.entries[Int(Priority.notice.rawValue)] == 10)
        #expect(statistics.events[Int(EventKind.tlsTicketsRotated.rawValue)] == 10)
        #expect(statistics.writes.count == 20)
        #expect(statistics.writes.buckets.reduce(0, +) == 20)
        #expect(statistics.dropped.total == 0)
    }

    @Test(arguments: [JournalSettings.Mode.auto, .stderr])
    func `whoever watches is shown what is written, in order, until he looks away`(
        mode: JournalSettings.Mode
    ) throws {
        let shown = Mutex<[String]>([])
        let arrival = Wakeup()
        let journal = try start(mode, audit: 100, info: 100)
        journal.watch(with: { entry, kind, _, time in
            let sequence = entry.item(of: .seq).map { String(decoding: entry.value(of: $0), as: UTF8.self) }
            if time > 0 { shown.withLock { $0.append("\(kind.name) \(sequence ?? "-")") } }
            arrival.raise()
        })
        journal.record(.listenerAudit(0))
        journal.record(.tlsTicketsRotated(generation: 1))
        journal.record(.listenerAudit(1))
        let deadline = Clocks.now() + .seconds(60)
        while shown.withLock({ $0.count }) < 3, arrival.wait(until: deadline) {}
        journal.watch(with: nil)
        journal.record(.listenerAudit(2))
        #expect(close(journal) == 0)
        let audit = Event.listenerAudit(0).kind.name
        #expect(shown.withLock { $0 } == ["\(audit) 1", "tls.tickets_rotated -", "\(audit) 2"])
    }

    @Test func `what cannot be written is not shown`() throws {
        let shown = Atomic<Int>(0)
        let journal = try start(audit: 100, info: 100)
        journal.watch(with: { _, _, _, _ in shown.add(1, ordering: .relaxed) })
        let answers = Mutex([SendResult.oversize])
        journald.state.withLock { $0.answer = { answers.withLock { $0.popLast() } } }
        journal.record(.tlsTicketsRotated(generation: 1))
        #expect(close(journal) == 0)
        // The gap that tells of it alone.
        #expect(shown.load(ordering: .relaxed) == 1 && journald.entries.count == 1)
    }

    @Test func `while journald stands still record returns, and every loss is counted at once`() throws {
        let journal = try start()
        stall(journal)
        for number in 1...108 { journal.record(.listenerAudit(number)) }
        #expect(journal.statistics.dropped[.queueFull] == 100)
        #expect(journal.statistics.queueLength == 8)
        journald.resume()
        #expect(close(journal) == 0)
        let trail = Trail(journald.entries)
        #expect(trail.present == Array(1...9) + [110])
        #expect(trail.gaps == [10...109])
        #expect(trail.lost == 100)
        #expect(journald.entries.last?["BELFRY_BY_REASON"] == "queue_full=100")
    }

    @Test func `after a gap the numbers go on`() throws {
        let journal = try start()
        stall(journal)
        for number in 1...20 { journal.record(.listenerAudit(number)) }
        journald.resume()
        #expect(journald.waits { $0.entries.contains { $0["BELFRY_EVENT"] == "journal.gap" } })
        journal.record(.listenerAudit(21))
        #expect(close(journal) == 0)
        let trail = Trail(journald.entries)
        #expect(trail.present == Array(1...9) + [22, 23])
        #expect(trail.gaps == [10...21])
    }

    @Test func `losses of both lanes are one entry`() throws {
        let journal = try start()
        stall(journal)
        for number in 1...50 {
            journal.record(.tlsTicketsRotated(generation: 1))
            journal.record(.listenerAudit(number))
        }
        journald.resume()
        #expect(close(journal) == 0)
        let trail = Trail(journald.entries)
        #expect(trail.gaps.count == 1)
        #expect(trail.lost == 42 + 46)
        #expect(trail.missing == trail.named)
    }

    @Test func `a flood of information loses no audit event`() throws {
        let journal = try start()
        stall(journal)
        for _ in 1...1000 { journal.record(.tlsTicketsRotated(generation: 1)) }
        for number in 1...8 { journal.record(.listenerAudit(number)) }
        journald.resume()
        #expect(close(journal) == 0)
        let trail = Trail(journald.entries)
        #expect(trail.present == Array(1...10), "nine events and the gap")
        #expect(trail.gaps.isEmpty)
        #expect(trail.lost == 996)
    }

    @Test func `mode auto writes to standard error while journald is absent, and tells it when it is back`()
        throws
    {
        journald.go(.absent(errno: 2))
        let journal = try start(.auto, audit: 100)
        for number in 1...5 { journal.record(.listenerAudit(number)) }
        #expect(journald.waits { _ in stream.entries.count == 5 })
        #expect(journal.statistics.route == .standardError)
        journald.go(.listening)
        #expect(journald.waits { !$0.entries.isEmpty })
        journal.record(.listenerAudit(6))
        #expect(close(journal) == 0)
        #expect(journal.statistics.route == .journald)
        let trail = Trail(journald.entries)
        #expect(trail.gaps == [1...5])
        #expect(trail.lost == 0)
        #expect(journald.entries.first?["BELFRY_BY_REASON"] == "stderr=5")
        #expect(trail.present == [6, 7])
        #expect(stream.entries.first?.hasPrefix("notice auth.keys_loaded \"Verification keys") == true)
        #expect(stream.notices.count == 2, "one line when it goes, one when it is back")
        #expect(journal.statistics.dropped.total == 0)
    }

    @Test func `an entry that finds journald gone goes to standard error itself`() throws {
        let journal = try start(.auto) { $0.probeInterval = .seconds(3600) }
        journald.go(.absent(errno: 111))
        journal.record(.listenerAudit(1))
        #expect(close(journal) == 0)
        #expect(stream.entries.count == 1)
        #expect(journal.statistics.dropped.total == 0)
    }

    @Test func `mode required does not start without journald`() {
        journald.go(.absent(errno: 2))
        #expect(throws: JournalError.unreachable(path: "/run/systemd/journal/socket", errno: 2)) {
            try start(.required)
        }
    }

    @Test func `mode required loses what comes while journald is absent, and tells it afterwards`() throws {
        let journal = try start(.required, audit: 100)
        journal.record(.listenerAudit(1))
        #expect(journald.waits { $0.entries.count == 1 })
        journald.go(.absent(errno: 111))
        for number in 2...6 { journal.record(.listenerAudit(number)) }
        #expect(journald.waits { _ in journal.statistics.dropped[.absent] == 5 })
        journald.go(.listening)
        #expect(journald.waits { $0.entries.count == 2 })
        #expect(close(journal) == 0)
        let trail = Trail(journald.entries)
        #expect(trail.present == [1, 7])
        #expect(trail.gaps == [2...6])
        #expect(journald.entries.last?["BELFRY_BY_REASON"] == "absent=5")
        #expect(stream.entries.isEmpty)
    }

    @Test func `a question that fails for want of descriptors is no absence`() throws {
        let journal = try start(.auto)
        journald.go(.unknown(errno: 24))
        journald.state.withLock { $0.answer = { .sent } }
        for number in 1...5 { journal.record(.listenerAudit(number)) }
        #expect(close(journal) == 0)
        #expect(journald.entries.count == 5)
        #expect(journal.statistics.route == .journald)
    }

    @Test(arguments: [
        (SendResult.failed(errno: 22), DropReason.sendError), (.oversize, .oversize),
    ])
    func `a refused entry is counted by reason and told before the next`(
        result: SendResult, reason: DropReason
    ) throws {
        let refusals = Refusals(first: 1, of: result)
        journald.state.withLock { $0.answer = { refusals.next() } }
        let journal = try start(audit: 100) { $0.probeInterval = .seconds(3600) }
        for number in 1...3 { journal.record(.listenerAudit(number)) }
        #expect(close(journal) == 0)
        #expect(journal.statistics.dropped[reason] == 1)
        #expect(journald.entries.compactMap { $0["BELFRY_SEQ"] } == ["2", "3", "4"])
        #expect(journald.entries.first?["BELFRY_BY_REASON"] == "\(reason.name)=1")
        #expect(Trail(journald.entries).gaps == [1...1])
    }

    @Test func `mode stderr never asks for journald`() throws {
        let journal = try start(.stderr, audit: 100, info: 100)
        for event in EventSamples.all { journal.record(event) }
        #expect(close(journal) == 0)
        #expect(stream.entries.count == EventSamples.all.count)
        #expect(stream.notices.isEmpty)
        #expect(journald.state.withLock { $0.sends } == 0)
        #expect(stream.entries.allSatisfy { $0.hasSuffix("\n") && $0.dropLast().allSatisfy { $0 != "\n" } })
    }

    @Test func `losses at a broken standard error are counted`() throws {
        stream.breaks(after: 0)
        let journal = try start(.stderr)
        journal.record(.listenerAudit(1))
        #expect(close(journal) == 0)
        #expect(journal.statistics.dropped[.sendError] == 1)
    }

    @Test func `closing does not wait longer than it may`() throws {
        let journal = try start()
        stall(journal)
        journal.record(.listenerAudit(1))
        #expect(journal.close(flushWithin: .milliseconds(1)) == 1)
        journal.record(.listenerAudit(2))
        #expect(journal.statistics.dropped[.queueFull] == 1, "a closed journal takes nothing")
        journald.resume()
        #expect(journald.waits { $0.entries.count == 2 })
    }

    @Test func `the log level holds back information, never an audit event`() throws {
        let journal = try start(audit: 100, info: 100)
        journal.level = .error
        for _ in 0..<3 { journal.record(.tlsTicketsRotated(generation: 1)) }
        journal.record(.listenerAudit(1))
        #expect(close(journal) == 0)
        #expect(journald.entries.count == 1)
        #expect(journal.statistics.dropped[.suppressed] == 3)
        #expect(Trail(journald.entries).lost == 0, "held back is not lost")
    }

    @Test func `a flood takes two entries and no room, and is told before the last entry`() throws {
        let journal = try start()
        stall(journal)
        for _ in 0..<10_000 {
            journal.record(
                .connRejected(peerAddress: "192.0.2.7", reason: "per_source", limit: 1, current: 1))
        }
        journal.record(.serviceStopped(uptime: .seconds(1), connections: 0, messages: 0, isClean: true))
        #expect(journal.statistics.dropped.total == 0)
        journald.resume()
        #expect(close(journal) == 0)
        #expect(journald.entries.map { $0["BELFRY_COUNT"] } == [nil, "1", "9999", nil])
        #expect(journald.entries.last?["BELFRY_AUDIT_LAST_SEQ"] == "4")
        #expect(journald.entries.last?["BELFRY_SEQ"] == "4")
    }

    @Test func `a window ends by itself`() throws {
        let journal = try start { $0.aggregationWindow = .milliseconds(1) }
        stall(journal)
        for _ in 0..<3 { journal.record(.messageDropped(reason: "slow", roomHash: nil)) }
        journald.resume()
        #expect(
            journald.waits {
                $0.entries.compactMap { $0["BELFRY_COUNT"].flatMap(Int.init) }.reduce(0, +) == 3
            })
        #expect(close(journal) == 0)
    }

    @Test func `the newest audit entry is read back`() throws {
        let journal = try start { $0.verifyInterval = .milliseconds(1) }
        #expect(journal.statistics.verification == .untried)
        journal.record(.listenerAudit(1))
        #expect(journald.waits { _ in journal.statistics.verification == .verified })
        #expect((journal.statistics.lastVerified ?? 0) > 1_700_000_000)
        #expect(close(journal) == 0)
    }
}

/// Answers with `result` so many times, then leaves the answer to others.
final class Refusals: Sendable {
    private let left: Mutex<Int>
    private let result: SendResult

    init(first count: Int, of result: SendResult) {
        left = Mutex(count)
        self.result = result
    }

    func next() -> SendResult? {
        left.withLock { left in
            guard left > 0 else { return nil }
            left -= 1
            return result
        }
    }
}
