import BelfryBytes
import Foundation
import Glibc
import Testing

@testable import BelfryJournal
@testable import BelfryObserve

/// Against a real systemd-journald, inside `Tests/Conformance/with-journald.sh`, which sets the variable.
///
/// With the variable and without a journald these tests fail; they never pass by not running.
@Suite(
    .serialized,
    .enabled(
        if: ProcessInfo.processInfo.environment["BELFRY_REAL_JOURNALD"] == "1",
        "needs a private journald: run inside Tests/Conformance/with-journald.sh"))
struct RealJournaldTests {
    private let reader = JournalReader()

    init() throws {
        try #require(
            SystemdTransport().probe() == .listening, "BELFRY_REAL_JOURNALD is set and no journald answers")
        _ = try reader.newEntries()
    }

    private func start(
        _ mode: JournalSettings.Mode = .required, _ change: (inout JournalSettings) -> Void = { _ in }
    ) throws -> Journal {
        var settings = JournalSettings(mode: mode)
        settings.probeInterval = .milliseconds(5)
        change(&settings)
        return try Journal(settings)
    }

    @Test func `every event reads back with the documented fields, all of them and no other`() throws {
        let journal = try start()
        let events = EventSamples.all
        for event in events { journal.record(event) }
        #expect(journal.close(flushWithin: .seconds(30)) == 0)
        let entries = try reader.newEntries()
        #expect(entries.map { $0["BELFRY_EVENT"] } == events.map(\.kind.name))
        for (event, entry) in zip(events, entries) { verify(entry, is: event) }
        #expect(
            entries.compactMap { $0["BELFRY_SEQ"] } == (1...events.count { $0.kind.isAudit }).map(String.init)
        )
        #expect(journal.statistics.entries.reduce(0, +) == UInt64(events.count))
        #expect(journal.statistics.dropped.total == 0)
    }

    private func verify(_ entry: [String: String], is event: Event) {
        let kind = event.kind
        let own = Set(entry.keys.filter { $0.hasPrefix("BELFRY_") })
            .subtracting(JournalField.common.map(\.journalName))
        #expect(own == Set(kind.definition.fields.map(\.journalName)), "\(kind.name)")
        #expect(entry["MESSAGE_ID"] == kind.messageID)
        #expect(entry["PRIORITY"] == String(event.priority.rawValue))
        #expect(entry["SYSLOG_IDENTIFIER"] == "belfry")
        #expect(entry["SYSLOG_FACILITY"] == (kind.isAudit ? "10" : "3"))
        #expect(entry["CODE_FILE"] == String(describing: event.source.file))
        #expect(entry["CODE_LINE"] == String(event.source.line))
        #expect(entry["BELFRY_SCHEMA"] == "1")
        #expect(entry["BELFRY_OWASP"] == kind.owasp?.rawValue)
        #expect(entry["_TRANSPORT"] == "journal")
        #expect(entry["_PID"] == String(getpid()))
        #expect(entry["TID"] != nil && entry["MESSAGE"]?.isEmpty == false)
        for case let detail? in event.details {
            let text = entry[detail.field.journalName] ?? ""
            switch detail.value {
            case .text: #expect(!text.isEmpty, "\(detail.field)")
            case .integer, .count, .ownSequence: #expect(Int64(text) != nil, "\(detail.field): \(text)")
            case .flag: #expect(["yes", "no"].contains(text), "\(detail.field): \(text)")
            case .time: #expect(text == "2026-08-01T12:00:00Z", "\(detail.field): \(text)")
            }
        }
    }

    @Test func `the catalogue explains every event and leaves nothing unresolved`() throws {
        let journal = try start()
        for event in EventSamples.all { journal.record(event) }
        #expect(journal.close(flushWithin: .seconds(30)) == 0)
        let text = try reader.newText("-x", "-o", "short")
        #expect(text.matches(of: #/(?m)^\S+ Subject: /#).count == EventSamples.all.count)
        #expect(!text.contains(/@[A-Z_0-9]+@/))
        // An unresolved name is printed bare; "journalctl BELFRY_CONN_ID=…" is meant as it stands.
        #expect(!text.contains(/BELFRY_[A-Z_]+(?![A-Z_=])/))
    }

    @Test func `hostile text becomes one harmless entry`() throws {
        let journal = try start()
        let hostile = String(
            decoding: Array("x\nBELFRY_SEQ=999\nPRIORITY=0\u{1B}[2J\u{202E}\u{0}token=s3cret ".utf8) + [
                0xFF, 0xC0,
            ],
            as: UTF8.self)
        let peer = ConnectionContext(id: hostile, peerAddress: hostile, peerPort: 1, listener: hostile)
        journal.record(.wsUpgradeRejected(peer, status: 400, reason: hostile, origin: hostile))
        journal.record(
            .configRejected(path: hostile, row: 1, error: String(repeating: hostile, count: 30_000)))
        #expect(journal.close(flushWithin: .seconds(30)) == 0)
        let entries = try reader.newEntries()
        #expect(entries.map { $0["PRIORITY"] } == ["5", "3"])
        #expect(entries.map { $0["BELFRY_SEQ"] } == [nil, "1"])
        #expect(entries.last?["BELFRY_TRUNCATED"] == "ERROR")
        for value in entries.flatMap({ $0.filter { !$0.key.hasPrefix("_") }.values }) {
            #expect(!value.contains("s3cret"))
            #expect(
                !value.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F || $0.value == 0x202E })
            #expect(value.utf8.count <= 2048)
        }
        #expect(
            entries.first?["BELFRY_ORIGIN"]
                == "x\\nBELFRY_SEQ=999\\nPRIORITY=0\\x1b[2J\\u{202e}\\x00token=[redacted] \u{FFFD}\u{FFFD}")
    }

    @Test func `while journald is stopped record returns, and afterwards one gap says what is missing`()
        throws
    {
        let journal = try start { $0.queue.auditEntries = 256 }
        let daemon = try #require(Journald.processID)
        #expect(kill(daemon, SIGSTOP) == 0)
        let offered = 20_000
        for number in 0..<offered { journal.record(.listenerAudit(number)) }
        let dropped = journal.statistics.dropped[.queueFull]
        #expect(dropped > 0)
        #expect(journal.statistics.queueLength <= 257)
        #expect(kill(daemon, SIGCONT) == 0)
        #expect(journal.close(flushWithin: .seconds(30)) == 0)
        let entries = try reader.newEntries()
        let trail = Trail(entries)
        #expect(journal.statistics.dropped.total == dropped)
        #expect(trail.gaps.count == 1)
        #expect(trail.lost == dropped)
        #expect(trail.named == trail.missing)
        #expect(trail.named.count == Int(dropped))
        #expect(trail.present.count == offered - Int(dropped) + 1)
        #expect(trail.present == trail.present.sorted())
    }

    @Test func `a socket that went away is seen although the library calls it success`() throws {
        let journal = try start(.required) { $0.probeInterval = .seconds(3600) }
        journal.record(.listenerAudit(1))
        #expect(eventually { journal.statistics.writes.count == 1 })
        try Journald.hideSocket {
            for number in 2...6 { journal.record(.listenerAudit(number)) }
            #expect(eventually { journal.statistics.dropped[.absent] == 5 })
        }
        #expect(journal.close(flushWithin: .seconds(30)) == 0)
        let trail = Trail(try reader.newEntries())
        #expect(trail.present == [1, 7])
        #expect(trail.gaps == [2...6])
    }

    @Test func `without a socket mode required does not start and mode auto uses standard error`() throws {
        var ends: [Int32] = [0, 0]
        #expect(unsafe pipe(&ends) == 0)
        try Journald.hideSocket {
            #expect(throws: JournalError.unreachable(path: SystemdTransport.path, errno: ENOENT)) {
                try start(.required)
            }
            var settings = JournalSettings(mode: .auto)
            settings.probeInterval = .milliseconds(5)
            let journal = try Journal(settings, standardError: ends[1])
            journal.record(.listenerAudit(1))
            #expect(journal.close(flushWithin: .seconds(30)) == 0)
        }
        Glibc.close(ends[1])
        let text = String(
            decoding: FileHandle(fileDescriptor: ends[0], closeOnDealloc: true).readDataToEndOfFile(),
            as: UTF8.self)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.hasPrefix("warning journal \"journald is absent") == true)
        #expect(lines.last?.hasPrefix("notice auth.keys_loaded ") == true)
    }

    @Test func `a written entry is found, another is missing`() throws {
        let journal = try start { $0.verifyInterval = .milliseconds(5) }
        journal.record(.listenerAudit(1))
        #expect(eventually { journal.statistics.verification == .verified })
        #expect(journal.close(flushWithin: .seconds(30)) == 0)
        let other = SentEntry(sequence: 1, chain: .random(), sentAt: .max)
        #expect(SystemdTransport().find(other) == .missing)
        let old = SentEntry(sequence: 1, chain: .random(), sentAt: 0)
        #expect(SystemdTransport().find(old) == .expired)
    }

    @Test func `a process names the newest chain value in the journal`() throws {
        for _ in 1...2 {
            let journal = try start()
            journal.record(.listenerAudit(1))
            #expect(journal.close(flushWithin: .seconds(30)) == 0)
            // Stored, and not only taken.
            _ = try reader.newText("-n0")
        }
        let entries = try reader.entries(ofProcess: getpid())
        let starts = entries.filter { $0["BELFRY_CHAIN_START"] != nil }
        let last = try #require(starts.last)
        let place = try #require(entries.lastIndex { $0["BELFRY_CHAIN"] == last["BELFRY_CHAIN"] })
        #expect(last["BELFRY_CHAIN_BEFORE"] == entries[place - 1]["BELFRY_CHAIN"])
    }
    // The last: the daemon it puts in the place of the first ends with it.
    @Test func `the numbers hold over the death and the return of journald`() throws {
        let journal = try start(.required)
        for number in 1...3 { journal.record(.listenerAudit(number)) }
        #expect(eventually { journal.statistics.writes.count == 3 })
        _ = try reader.newEntries()
        try Journald.end()
        #expect(eventually { journal.statistics.route == .nowhere })
        for number in 4...9 { journal.record(.listenerAudit(number)) }
        #expect(eventually { journal.statistics.dropped[.absent] == 6 })
        let daemon = try Journald.begin()
        defer {
            daemon.terminate()
            daemon.waitUntilExit()
        }
        #expect(eventually { journal.statistics.route == .journald })
        journal.record(.listenerAudit(10))
        #expect(journal.close(flushWithin: .seconds(30)) == 0)
        let trail = Trail(try reader.newEntries())
        #expect(trail.present == [10, 11])
        #expect(trail.gaps == [4...9])
    }
}

/// Asks again until it is so; false after a time far beyond any honest run.
private func eventually(_ condition: () -> Bool) -> Bool {
    let deadline = Clocks.now() + .seconds(60)
    let never = Wakeup()
    while Clocks.now() < deadline {
        if condition() { return true }
        _ = never.wait(until: Clocks.now() + .milliseconds(2))
    }
    return false
}

/// The daemon under test.
private enum Journald {
    /// The one the script started.
    static var processID: Int32? {
        ProcessInfo.processInfo.environment["BELFRY_JOURNALD_PID"].flatMap(Int32.init)
    }

    /// Out of sight and back, with the daemon none the wiser.
    static func hideSocket(_ body: () throws -> Void) throws {
        let hidden = SystemdTransport.path + ".hidden"
        let moved = unsafe rename(SystemdTransport.path, hidden)
        try #require(moved == 0)
        defer { _ = unsafe rename(hidden, SystemdTransport.path) }
        try body()
    }

    static func end() throws {
        let daemon = try #require(processID)
        kill(daemon, SIGKILL)
        try #require(eventually { SystemdTransport().probe() != .listening })
    }

    static func begin() throws -> Process {
        let daemon = Process()
        daemon.executableURL = URL(filePath: "/usr/lib/systemd/systemd-journald")
        daemon.standardInput = FileHandle.nullDevice
        daemon.standardOutput = FileHandle.nullDevice
        daemon.standardError = FileHandle.nullDevice
        try daemon.run()
        try #require(eventually { SystemdTransport().probe() == .listening })
        return daemon
    }
}

/// journalctl with a cursor: each call returns what came since the one before.
private struct JournalReader {
    private let cursor = FileManager.default.temporaryDirectory.appending(path: "belfry-cursor-\(UUID())")
        .path()

    func newEntries() throws -> [[String: String]] {
        try newText("-o", "json").split(separator: "\n").compactMap { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            // Anything but a string (an array for a field set twice, bytes for broken text) is a fault of ours.
            return object.map { $0.mapValues { $0 as? String ?? "not one string: \($0)" } }
        }
    }

    /// All audit entries of a process that the journal still has.
    func entries(ofProcess pid: Int32) throws -> [[String: String]] {
        _ = try run("--sync")
        let text = try run(["-o", "json", "--no-pager", "_PID=\(pid)", "SYSLOG_FACILITY=10"])
        return try text.split(separator: "\n").compactMap { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return object.map { $0.compactMapValues { $0 as? String } }
        }
    }

    func newText(_ options: String...) throws -> String {
        _ = try run("--sync")
        return try run(["-t", "belfry", "--no-pager", "--cursor-file=\(cursor)"] + options)
    }

    private func run(_ argument: String) throws -> String { try run([argument]) }

    private func run(_ arguments: [String]) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/journalctl")
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
