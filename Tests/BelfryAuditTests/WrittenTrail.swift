@testable import BelfryAudit
@testable import BelfryJournal
@testable import BelfryObserve

/// Entries as the relay's writer makes them and as journalctl gives them back.
struct WrittenTrail {
    let pid: Int
    let key: [UInt8]
    private var chain: ChainWriter
    private var sequence: UInt64 = 0
    private(set) var entries: [AuditEntry] = []
    private var before: ChainValue?

    init(pid: Int = 4711, key: [UInt8] = [], after before: ChainValue? = nil) {
        self.pid = pid
        self.key = key
        self.before = before
        chain = ChainWriter(key: key)
    }

    /// The value a following process names.
    var lastValue: ChainValue? { entries.last?.value("BELFRY_CHAIN").flatMap { ChainValue(hex: $0) } }

    mutating func write(_ event: Event) {
        sequence += 1
        var event = event
        event.time = 1_795_900_000_000_000 + sequence
        var buffer = EntryBuffer()
        EventEncoder(threadID: 7).encode(event, sequence: sequence, into: &buffer)
        chain.seal(&buffer, before: before)
        chain.advance()
        var entry = AuditEntry()
        let trusted = [
            "__CURSOR": "s=1;i=\(sequence)", "__REALTIME_TIMESTAMP": "1795900000000000", "_PID": "\(pid)",
            "_BOOT_ID": "0123456789abcdef0123456789abcdef", "_UID": "0",
        ]
        for (name, value) in trusted { entry.add(name: name.utf8, value: value.utf8) }
        for item in buffer.items { entry.add(name: buffer.name(of: item), value: buffer.value(of: item)) }
        entries.append(entry)
    }

    /// Entries that were lost, and the one that says so.
    mutating func lose(_ count: UInt64) {
        let range = (sequence + 1)...(sequence + count)
        sequence += count
        write(.journalGap(lost: count, byReason: "queue_full=\(count)", sequences: range))
    }

    /// A start, `count` entries of a few kinds, and an end if it ends.
    mutating func fill(_ count: Int, ends: Bool = true) {
        write(
            .serviceStart(
                version: "1", commit: "c", openSSL: "o", configurationHash: "h", isFirstProcess: false))
        let connection = ConnectionContext(id: "c", peerAddress: "192.0.2.7", peerPort: 1, listener: "l")
        let subject = SubjectContext(subject: "9f86d081884c7d65")
        for number in 0..<count {
            if number.isMultiple(of: 2) {
                write(
                    .authSuccess(
                        connection, subject, algorithm: "HS256", expiresAt: 1_795_900_000, method: "connect"))
            } else {
                write(.authFailure(connection, reason: "expired \(number)"))
            }
        }
        if ends { write(.serviceStopped(uptime: .seconds(1), connections: 1, messages: 1, isClean: true)) }
    }
}

func verify(_ entries: [AuditEntry], keys: [[UInt8]] = []) -> AuditReport {
    var verifier = AuditVerifier(keys: keys)
    for entry in entries { verifier.take(entry) }
    return verifier.finish()
}
