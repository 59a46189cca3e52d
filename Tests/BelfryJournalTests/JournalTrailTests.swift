import Synchronization
import Testing

@testable import BelfryJournal
@testable import BelfryObserve

/// Goal: whatever journald does, the numbers and the gaps together account for every audit event, and the chain joins
/// what was written.
///
/// Method: a journald that answers at random, lanes so small that they overflow, and a count at the end.
@Suite struct JournalTrailTests {
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `every missing number is named by one gap, and no gap names a number that is there`(seed: UInt64)
        throws
    {
        let mode: JournalSettings.Mode = seed.isMultiple(of: 2) ? .auto : .required
        let journald = SimulatedJournal()
        let stream = SimulatedStream()
        let random = Mutex(SplitMix64(state: seed))
        journald.state.withLock {
            $0.answer = { [.sent, .sent, .sent, .absent, .oversize, .failed(errno: 5)][random.pick(6)] }
        }
        var settings = JournalSettings(mode: mode)
        settings.queue.auditEntries = 8
        settings.queue.infoEntries = 4
        settings.probeInterval = .microseconds(50)
        let journal = try Journal(settings, transport: journald, stream: stream)
        let offered = 2000
        for number in 0..<offered {
            journal.record(random.pick(3) == 0 ? .tlsTicketsRotated(generation: 1) : .listenerAudit(number))
            if random.pick(20) == 0 { _ = journald.waits { $0.sends > 0 } }
        }
        journald.state.withLock { $0.answer = { nil } }
        #expect(journal.close(flushWithin: .seconds(60)) == 0)

        let trail = Trail(journald.entries)
        #expect(trail.present == trail.present.sorted(), "seed \(seed)")
        #expect(trail.named == trail.missing, "seed \(seed)")
        #expect(chainHolds(journald.entries), "seed \(seed)")
        let dropped = journal.statistics.dropped.total
        #expect(trail.lost == dropped, "seed \(seed)")
        let gaps = journald.entries.count { $0["BELFRY_EVENT"] == "journal.gap" }
        let diverted = stream.entries.count { !$0.hasPrefix("err journal.gap") }
        #expect(UInt64(journald.entries.count - gaps + diverted) + dropped == UInt64(offered), "seed \(seed)")
    }
}

extension Mutex<SplitMix64> {
    func pick(_ count: UInt64) -> Int { withLock { Int($0.next() % count) } }
}

struct SplitMix64: Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
