import BelfryBytes
import Synchronization
import Testing

@testable import BelfryJournal
@testable import BelfryObserve

/// Standard error gets its lines in batches; what is written and what is lost stays what single lines would give.
@Suite struct LineBatchTests {
    private let journald = SimulatedJournal()
    private let stream = SimulatedStream()

    private func start(_ mode: JournalSettings.Mode = .stderr) throws -> Journal {
        var settings = JournalSettings(mode: mode)
        // Only closing looks again, so that a test says itself when.
        settings.probeInterval = .seconds(3600)
        return try Journal(settings, transport: journald, stream: stream)
    }

    private func numbers(_ name: String) -> [String] {
        stream.entries.compactMap { line in
            line.split(separator: " ").first { $0.hasPrefix(name + "=") }.map {
                String($0.dropFirst(name.count + 1).filter { $0 != "\n" })
            }
        }
    }

    private var line: Int {
        var batch = LineBatch()
        var entry = EntryBuffer()
        var event = Event.listenerAudit(1)
        event.time = 1_795_900_000_000_000
        EventEncoder(threadID: 1).encode(event, sequence: 1, into: &entry)
        batch.add(entry, of: event, 1)
        return batch.bytes.count
    }

    @Test(arguments: [1, 100, 2000])
    func `all lines arrive, in order, in writes of a bounded size`(count: Int) throws {
        let journal = try start()
        for number in 1...count { journal.record(.listenerAudit(number)) }
        #expect(journal.close(flushWithin: .seconds(60)) == 0)
        #expect(numbers("kids") == (1...count).map(String.init))
        #expect(numbers("seq") == (1...count).map(String.init))
        #expect(journal.statistics.entries[Int(Priority.notice.rawValue)] == UInt64(count))
        let (writes, largest) = stream.state.withLock { ($0.writes, $0.largest) }
        #expect(journal.statistics.writes.count == UInt64(writes))
        #expect(largest < 64 * 1024 + 2 * line)
    }

    @Test func `a line is written without anything that follows it`() throws {
        let journal = try start()
        journal.record(.listenerAudit(1))
        #expect(journald.waits { _ in stream.entries.count == 1 })
        #expect(journal.close(flushWithin: .seconds(60)) == 0)
    }

    @Test(arguments: [0, 1, 2, 9, 10])
    func `when standard error ends, whole lines are written and the rest is lost and counted`(whole: Int)
        throws
    {
        let journal = try start()
        // Half a line more is no line.
        stream.breaks(after: whole * line + line / 2)
        for number in 0..<10 { journal.record(.listenerAudit(number)) }
        #expect(journal.close(flushWithin: .seconds(60)) == 0)
        #expect(journal.statistics.dropped[.sendError] == UInt64(10 - whole))
        #expect(journal.statistics.entries[Int(Priority.notice.rawValue)] == UInt64(whole))
        #expect(numbers("seq").prefix(whole) == (1...10).map(String.init).prefix(whole))
    }

    @Test func `what a break lost is told by one gap when standard error takes lines again`() throws {
        let journal = try start()
        stream.breaks(after: 2 * line)
        for number in 1...9 { journal.record(.listenerAudit(number)) }
        #expect(journald.waits { _ in journal.statistics.dropped[.sendError] == 7 })
        stream.breaks(after: .max)
        journal.record(.listenerAudit(0))
        #expect(journal.close(flushWithin: .seconds(60)) == 0)
        #expect(numbers("from_seq") == ["3"])
        #expect(numbers("to_seq") == ["9"])
        #expect(numbers("seq") == ["1", "2", "10", "11"])
        #expect(numbers("by_reason") == [#""send_error=7""#])
    }

    @Test func `lines that stand in for journald are all named in its gap`() throws {
        journald.go(.absent(errno: 2))
        let journal = try start(.auto)
        for number in 1...50 { journal.record(.listenerAudit(number)) }
        journald.go(.listening)
        #expect(journal.close(flushWithin: .seconds(60)) == 0)
        #expect(numbers("seq") == (1...50).map(String.init))
        #expect(Trail(journald.entries).gaps == [1...50])
        #expect(journald.entries.last?["BELFRY_BY_REASON"] == "stderr=50")
    }
}
