import BelfryBytes
import Glibc
import Testing

@testable import BelfryJournal
@testable import BelfryObserve

@Suite struct ChainTests {
    private func text(_ fields: [(String, String)]) -> String {
        var bytes: [UInt8] = []
        var ranges: [FieldRange] = []
        for (name, value) in fields {
            let start = bytes.count
            bytes += name.utf8
            let middle = bytes.count
            bytes += value.utf8
            ranges.append(FieldRange(name: start..<middle, value: middle..<bytes.count))
        }
        var text = ChainText()
        text.begin { _ in }
        for range in ranges { text.add(range, of: bytes.span) }
        text.finish(from: bytes.span)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    @Test func `the text has the covered fields in the order of their names, with their lengths`() {
        let text = text([
            ("PRIORITY", "5"), ("MESSAGE", "a=b\nc"), ("TID", "1"), ("BELFRY_SEQ", "7"), ("MESSAGE_ID", "ff"),
            ("BELFRY_CHAIN", "00"), ("BELFRY_DURATION_SEC", "2"), ("BELFRY_DURATION_MS", "1"), ("_PID", "4"),
            ("BELFRY_CHAIN_START", "é"), ("BELFRY_OFFERED_MAX", ""), ("BELFRY_OFFERED", "x"),
        ])
        #expect(
            text == """
                BELFRY_CHAIN_START=2:é
                BELFRY_DURATION_MS=1:1
                BELFRY_DURATION_SEC=1:2
                BELFRY_OFFERED=1:x
                BELFRY_OFFERED_MAX=0:
                BELFRY_SEQ=1:7
                MESSAGE=5:a=b
                c
                MESSAGE_ID=2:ff
                PRIORITY=1:5

                """)
    }

    @Test func `no two sets of fields have one text`() {
        #expect(
            text([("BELFRY_A", "1\nBELFRY_B=1:2")])
                != text([("BELFRY_A", "1"), ("BELFRY_B", "2")]))
    }

    @Test func `a chain value is HMAC-SHA-256 (RFC 4231, case 2)`() {
        var text = ChainText()
        text.begin { $0 += "what do ya want for nothing?".utf8 }
        let value = AuditChain(key: Array("Jefe".utf8)).value(of: text)
        #expect(
            value.description == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(ChainValue(hex: Array(value.description.utf8)) == value)
    }

    @Test(arguments: ["", "0", String(repeating: "g", count: 64), String(repeating: "A", count: 64)])
    func `what is no chain value is none`(text: String) { #expect(ChainValue(hex: Array(text.utf8)) == nil) }

    @Test func `a key is named and not given away`() {
        let names = [[], [1], [2]].map { AuditChain(key: $0).keyName }
        #expect(Set(names).count == 3)
        #expect(names[0] == "public" && names[1].utf8.count == 16)
    }

    @Test func `the first entry states where the chain begins, the others do not`() throws {
        let journald = SimulatedJournal()
        let journal = try Journal(
            JournalSettings(mode: .required), transport: journald, stream: SimulatedStream())
        for number in 1...3 { journal.record(.listenerAudit(number)) }
        #expect(journal.close(flushWithin: .seconds(60)) == 0)
        let entries = journald.entries
        #expect(entries.map { $0["BELFRY_CHAIN_START"] != nil } == [true, false, false])
        #expect(entries.first?["BELFRY_CHAIN_KEY"] == "public")
        #expect(entries.first?["BELFRY_CHAIN_BEFORE"] == nil)
        #expect(Set(entries.compactMap { $0["BELFRY_CHAIN"] }).count == 3)
        #expect(entries.allSatisfy { $0["BELFRY_TIME"]?.hasSuffix("Z") == true })
    }

    @Test func `a process names the newest chain value that it found`() throws {
        let journald = SimulatedJournal()
        for _ in 1...2 {
            let journal = try Journal(
                JournalSettings(mode: .required), transport: journald, stream: SimulatedStream())
            journal.record(.listenerAudit(1))
            #expect(journal.close(flushWithin: .seconds(60)) == 0)
        }
        #expect(journald.entries.count == 2)
        #expect(journald.entries.last?["BELFRY_CHAIN_BEFORE"] == journald.entries.first?["BELFRY_CHAIN"])
    }

    @Test func `lines on standard error have a time and no chain`() throws {
        let stream = SimulatedStream()
        let journal = try Journal(
            JournalSettings(mode: .stderr), transport: SimulatedJournal(), stream: stream)
        journal.record(.listenerAudit(1))
        #expect(journal.close(flushWithin: .seconds(60)) == 0)
        #expect(stream.entries.count == 1)
        #expect(stream.entries.allSatisfy { $0.contains(" time=2") && !$0.contains("chain") })
    }

    /// Nanoseconds this thread has run.
    private static func threadTime() -> UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// A figure to look at; the bound is for a machine ten times slower.
    @Test func `an audit entry's chain value costs microseconds`() {
        var writer = ChainWriter(key: [UInt8](repeating: 1, count: 32))
        let encoder = EventEncoder(threadID: 1)
        var entry = EntryBuffer()
        var summary = ConnectionSummary(
            closedBy: .client, phase: "session", reason: "going_away", closeCode: 1001, duration: .seconds(61)
        )
        summary.roundTrip = .milliseconds(23)
        let event = Event.connClose(EventSamples.connection, subject: EventSamples.subject, summary)
        let rounds = 20_000
        func time(_ body: () -> Void) -> UInt64 {
            let begin = Self.threadTime()
            for _ in 0..<rounds { body() }
            return (Self.threadTime() - begin) / UInt64(rounds)
        }
        let plain = time { encoder.encode(event, sequence: 1, into: &entry) }
        let chained = time {
            encoder.encode(event, sequence: 1, into: &entry)
            writer.seal(&entry, before: nil)
            writer.advance()
        }
        print("conn.close: \(plain) ns to encode, \(chained - min(chained, plain)) ns more for the chain")
        #expect(chained < 100_000)
    }
}

/// Whether each chain value follows from the one before, over all that journald was given.
func chainHolds(_ entries: [[String: String]]) -> Bool {
    let chain = AuditChain(key: [])
    var before: ChainValue?
    for entry in entries {
        guard let value = entry["BELFRY_CHAIN"].flatMap({ ChainValue(hex: Array($0.utf8)) }) else { continue }
        guard let last = before ?? entry["BELFRY_CHAIN_START"].flatMap({ ChainValue(hex: Array($0.utf8)) })
        else { return false }
        var bytes: [UInt8] = []
        var fields: [FieldRange] = []
        for (name, text) in entry {
            let start = bytes.count
            bytes += name.utf8
            let middle = bytes.count
            bytes += text.utf8
            fields.append(FieldRange(name: start..<middle, value: middle..<bytes.count))
        }
        var text = ChainText()
        text.begin { last.append(to: &$0) }
        for field in fields { text.add(field, of: bytes.span) }
        text.finish(from: bytes.span)
        guard chain.value(of: text) == value else { return false }
        before = value
    }
    return before != nil
}
