import Testing

@testable import BelfryAudit
@testable import BelfryJournal
@testable import BelfryObserve

@Suite struct VerifierTests {
    private let key = [UInt8](repeating: 0x6B, count: 32)

    private func trail(_ count: Int = 20, key: [UInt8] = [], ends: Bool = true) -> WrittenTrail {
        var trail = WrittenTrail(key: key)
        trail.fill(count, ends: ends)
        return trail
    }

    private func only(_ report: AuditReport) throws -> AuditFault {
        #expect(report.faultCount == 1, "\(report.text)")
        return try #require(report.faults.first)
    }

    @Test func `what a relay has written verifies, and nothing is left unproved but the missing key`() {
        let report = verify(trail().entries)
        #expect(report.faultCount == 0)
        #expect(report.entryCount == 22 && report.runCount == 1)
        #expect(report.doubts.count == 1)
        #expect(report.exitCode(isStrict: false) == AuditExit.good)
    }

    @Test func `with a key nothing is left unproved`() {
        let report = verify(trail(key: key).entries, keys: [key])
        #expect(report.faultCount == 0)
        #expect(report.doubts == [])
        #expect(report.exitCode(isStrict: true) == AuditExit.good)
    }

    @Test(arguments: [
        "MESSAGE", "MESSAGE_ID", "PRIORITY", "BELFRY_EVENT", "BELFRY_TIME", "BELFRY_REASON",
        "BELFRY_PEER_ADDR",
        "BELFRY_COUNT", "BELFRY_OWASP",
    ])
    func `a changed field is found`(field: String) throws {
        var entries = trail().entries
        entries[10].set(field, to: "other")
        let fault = try only(verify(entries))
        #expect(fault.kind == .changed && fault.numbers == 11...11)
        #expect(fault.place.cursor == "s=1;i=11")
    }

    @Test func `a field that is taken away or added is found`() throws {
        var entries = trail().entries
        entries[10].set("BELFRY_REASON", to: nil)
        #expect(try only(verify(entries)).numbers == 11...11)
        entries = trail().entries
        entries[5].set("BELFRY_ORIGIN", to: "x")
        #expect(try only(verify(entries)).numbers == 6...6)
    }

    @Test func `removed entries are named, the first and the last of them`() throws {
        var entries = trail().entries
        entries.removeSubrange(7...9)
        let fault = try only(verify(entries))
        #expect(fault.kind == .removed && fault.numbers == 8...10)
    }

    @Test func `a removed first entry is no fault but is said`() {
        let report = verify(Array(trail().entries.dropFirst(3)))
        #expect(report.faultCount == 0)
        #expect(report.runsCutAtStart == 1)
        #expect(report.exitCode(isStrict: true) == AuditExit.faulty)
    }

    @Test func `a removed end is said, and found when the next process names it`() throws {
        let first = trail(ends: false)
        var next = WrittenTrail(pid: 5000, after: first.lastValue)
        next.fill(3)
        #expect(verify(first.entries + next.entries).faultCount == 0)
        let report = verify(first.entries.dropLast() + next.entries)
        let fault = try only(report)
        #expect(fault.kind == .unlinked && fault.run.contains("pid 5000"))
    }

    @Test func `a removed process is found when the next one names it`() throws {
        let first = trail()
        var second = WrittenTrail(pid: 5000, after: first.lastValue)
        second.fill(3)
        var third = WrittenTrail(pid: 6000, after: second.lastValue)
        third.fill(3)
        #expect(verify(first.entries + second.entries + third.entries).faultCount == 0)
        #expect(try only(verify(first.entries + third.entries)).kind == .unlinked)
    }

    @Test(arguments: [false, true])
    func `a copy that was put in is found, before the true one or behind it`(isBefore: Bool) throws {
        var entries = trail().entries
        var forged = entries[10]
        forged.set("BELFRY_SUBJECT", to: "somebody")
        entries.insert(forged, at: isBefore ? 10 : 11)
        let fault = try only(verify(entries))
        #expect(fault.kind == .inserted && fault.numbers == 11...11)
    }

    @Test func `an entry that was put in under a number far ahead is found, and the others verify`() throws {
        var entries = trail().entries
        var forged = entries[10]
        forged.set("BELFRY_SEQ", to: "99")
        entries.insert(forged, at: 11)
        let fault = try only(verify(entries))
        #expect(fault.kind == .inserted && fault.numbers == 99...99)
    }

    @Test func `exchanged entries are found`() throws {
        var entries = trail().entries
        entries.swapAt(8, 9)
        let fault = try only(verify(entries))
        #expect(fault.kind == .reordered && fault.numbers == 9...9)
    }

    @Test func `an audit entry without number, as anybody may write it, is found`() throws {
        var entries = trail().entries
        var forged = entries[10]
        forged.set("BELFRY_SEQ", to: nil)
        forged.set("BELFRY_CHAIN", to: nil)
        forged.set("_PID", to: "9")
        entries.insert(forged, at: 12)
        #expect(try only(verify(entries)).kind == .unchained)
    }

    @Test func `entries that the relay states as lost are no fault, and are counted`() {
        var trail = trail(ends: false)
        trail.lose(7)
        trail.write(.serviceStopped(uptime: .seconds(1), connections: 1, messages: 1, isClean: true))
        let report = verify(trail.entries)
        #expect(report.faultCount == 0)
        #expect(report.lost == 7)
    }

    @Test func `a gap that names too much or too little is found`() throws {
        for range in ["21", "23"] {
            var trail = trail(ends: false)
            trail.lose(2)
            var entries = trail.entries
            entries[entries.count - 1].set("BELFRY_FROM_SEQ", to: range)
            #expect(try only(verify(entries)).kind == .removed)
        }
    }

    @Test func `a process whose first entry was lost begins with the gap`() {
        var trail = WrittenTrail()
        trail.lose(3)
        trail.write(.serviceStopped(uptime: .seconds(1), connections: 1, messages: 1, isClean: true))
        let report = verify(trail.entries)
        #expect(report.faultCount == 0 && report.lost == 3 && report.runsCutAtStart == 0)
    }

    @Test func `without its key a chain is not checked, and that is no success`() {
        let report = verify(trail(key: key).entries)
        #expect(report.unknownKeys.count == 1)
        #expect(report.exitCode(isStrict: false) == AuditExit.unknown)
    }

    @Test func `a chain made anew without the key is found`() throws {
        let fault = try only(verify(trail().entries, keys: [key]))
        #expect(fault.kind == .otherKey)
    }

    @Test func `an earlier key verifies what was written with it`() {
        let old = [UInt8](repeating: 0x6F, count: 32)
        var first = WrittenTrail(pid: 1, key: old)
        first.fill(5)
        var second = WrittenTrail(pid: 2, key: key, after: first.lastValue)
        second.fill(5)
        #expect(verify(first.entries + second.entries, keys: [key, old]).faultCount == 0)
        #expect(verify(first.entries + second.entries, keys: [key]).faultCount == 1)
    }

    @Test func `a process number that is used again is another process`() {
        var first = WrittenTrail()
        first.fill(5)
        var second = WrittenTrail(after: first.lastValue)
        second.fill(5)
        let report = verify(first.entries + second.entries)
        #expect(report.faultCount == 0 && report.runCount == 2)
    }

    @Test func `nothing read is nothing proved`() {
        #expect(verify([]).exitCode(isStrict: false) == AuditExit.unknown)
    }

    /// The gate: one in a hundred thousand.
    @Test(arguments: [AuditFault.Kind.changed, .removed, .inserted, .reordered])
    func `one of 100,000 entries is found`(kind: AuditFault.Kind) throws {
        var trail = WrittenTrail(key: key)
        trail.fill(100_000)
        var entries = trail.entries
        let victim = 61_803
        switch kind {
        case .changed: entries[victim].set("BELFRY_PEER_ADDR", to: "192.0.2.8")
        case .removed: entries.remove(at: victim)
        case .inserted: entries.insert(entries[victim - 500], at: victim)
        default: entries.swapAt(victim, victim + 1)
        }
        let clock = ContinuousClock()
        let began = clock.now
        let report = verify(entries, keys: [key])
        print("checked \(entries.count) entries in \(clock.now - began)")
        let fault = try only(report)
        #expect(fault.kind == kind)
        let number = UInt64(kind == .inserted ? victim - 499 : victim + 1)
        #expect(fault.numbers == number...number)
        #expect(report.exitCode(isStrict: false) == AuditExit.faulty)
    }
}
