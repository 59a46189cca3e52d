import BelfryBytes
import Synchronization
import Testing

@testable import BelfryJournal
@testable import BelfryObserve

/// What the journal says of itself while it cannot write.
@Suite struct JournalTroubleTests {
    private let journald = SimulatedJournal()
    private let stream = SimulatedStream()

    private func start(
        _ mode: JournalSettings.Mode = .required, _ change: (inout JournalSettings) -> Void = { _ in }
    ) throws -> Journal {
        var settings = JournalSettings(mode: mode)
        settings.queue.auditEntries = 8
        settings.queue.infoEntries = 4
        settings.probeInterval = .milliseconds(1)
        settings.verifyInterval = .zero
        settings.stallLimit = .milliseconds(20)
        change(&settings)
        return try Journal(settings, transport: journald, stream: stream)
    }

    @Test func `a journal that writes is in no trouble`() throws {
        let journal = try start { $0.stallLimit = .seconds(3600) }
        for number in 0..<5 { journal.record(.listenerAudit(number)) }
        #expect(journald.waits { $0.entries.count == 5 })
        #expect(journal.statistics.trouble == nil)
        #expect(journal.close(flushWithin: .seconds(60)) == 0)
        #expect(journal.statistics.trouble == nil)
        #expect(journal.statistics.auditFill == 0)
    }

    @Test func `a call that does not come back is a stall, and is over when it does`() throws {
        let journal = try start { $0.queue.auditEntries = 100 }
        journald.stop()
        for number in 0..<51 { journal.record(.listenerAudit(number)) }
        #expect(journald.waits { _ in journal.statistics.trouble == .stalled })
        #expect(journal.statistics.auditFill == 0.5)
        journald.resume()
        #expect(journald.waits { _ in journal.statistics.trouble == nil })
        #expect(journal.close(flushWithin: .seconds(60)) == 0)
    }

    @Test func `refused audit events are trouble until the gap is told`() throws {
        let journal = try start { $0.stallLimit = .seconds(3600) }
        journald.stop()
        for number in 0..<100 { journal.record(.listenerAudit(number)) }
        #expect(journald.waits { _ in journal.statistics.trouble == .gap })
        journald.resume()
        #expect(journald.waits { _ in journal.statistics.trouble == nil })
        #expect(journal.close(flushWithin: .seconds(60)) == 0)
    }

    @Test func `entries that journald refuses are trouble until the gap is told`() throws {
        let refuses = Mutex(true)
        journald.state.withLock { $0.answer = { refuses.withLock { $0 } ? .failed(errno: 5) : nil } }
        let journal = try start()
        journal.record(.listenerAudit(1))
        #expect(journald.waits { _ in journal.statistics.trouble == .gap })
        refuses.withLock { $0 = false }
        #expect(journald.waits { _ in journal.statistics.trouble == nil })
        #expect(journal.close(flushWithin: .seconds(60)) == 0)
    }

    @Test func `absence is trouble where journald is required, and none where standard error will do`() throws
    {
        let journal = try start()
        journald.go(.absent(errno: 2))
        #expect(journald.waits { _ in journal.statistics.trouble == .absent })
        journald.go(.listening)
        #expect(journald.waits { _ in journal.statistics.trouble == nil })
        #expect(journal.close(flushWithin: .seconds(60)) == 0)
        journald.go(.absent(errno: 2))
        let other = try start(.auto) { $0.stallLimit = .seconds(3600) }
        other.record(.listenerAudit(1))
        #expect(journald.waits { _ in stream.entries.count == 1 })
        #expect(other.statistics.trouble == nil)
        #expect(other.close(flushWithin: .seconds(60)) == 0)
    }

    @Test func `refused information is counted apart and is no trouble`() throws {
        let journal = try start { $0.stallLimit = .seconds(3600) }
        journald.stop()
        for _ in 0..<20 { journal.record(.tlsTicketsRotated(generation: 1)) }
        #expect(journal.statistics.refusedInfo > 10)
        #expect(journal.statistics.trouble == nil)
        journald.resume()
        #expect(journal.close(flushWithin: .seconds(60)) == 0)
    }

    @Test func `one reading that misses says nothing, three in a row do`() {
        var plan = ReadbackPlan(interval: .seconds(60))
        var pauses = [plan.pause]
        var counts: [Bool] = []
        for reading in [Readback.missing, .missing, .missing, .missing, .found] {
            counts.append(plan.counts(reading))
            pauses.append(plan.pause)
        }
        #expect(counts == [false, false, true, true, true])
        #expect(pauses == [60, 1, 1, 5, 5, 60].map { .seconds($0) })
    }

    @Test func `that nothing may be read is said once`() {
        var plan = ReadbackPlan(interval: .seconds(60))
        let notices = [Readback.found, .unreadable, .unreadable].map { plan.notice(for: $0) }
        #expect(notices[0] == nil && notices[2] == nil)
        #expect(notices[1]?.contains("systemd-journal") == true)
    }
}
