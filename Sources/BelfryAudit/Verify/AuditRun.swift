import BelfryJournal

/// What is known of one process's trail while its entries come by.
struct AuditRun {
    /// `pid 4711, boot 1a2b3c4d, belfry.service, uid 998`.
    let name: String
    /// The key it is checked with; `nil` until that is known, or when none of those given is the one.
    var chain: AuditChain?
    /// The number and chain value of the newest entry in order.
    var last: UInt64 = 0
    var lastValue: ChainValue?
    var entries = 0
    /// Numbers that `journal.gap` entries name.
    var lost: UInt64 = 0
    var first: UInt64 = 0
    /// Its first entry is not among those read.
    var isCutAtStart = false
    var hasStopped = false
    /// A break that a later entry may explain.
    var doubt: Doubt?

    /// What was reported last, and what came before it.
    struct Doubt {
        /// Its place among the faults; `nil` when it was one too many to keep.
        let fault: Int?
        let kind: AuditFault.Kind
        let numbers: ClosedRange<UInt64>
        /// The last chain value that was good.
        let valueBefore: ChainValue?
    }
}

/// The identity of a process in a journal.
struct AuditRunKey: Hashable {
    private let boot: String
    private let pid: String
    private let invocation: String

    init(_ entry: AuditEntry) {
        boot = entry.text("_BOOT_ID") ?? ""
        pid = entry.text("_PID") ?? ""
        invocation = entry.text("_SYSTEMD_INVOCATION_ID") ?? ""
    }

    func name(_ entry: AuditEntry) -> String {
        var parts = ["pid \(pid.isEmpty ? "?" : pid)", "boot \(boot.prefix(8))"]
        if let unit = entry.text("_SYSTEMD_UNIT") { parts.append(unit) }
        if let user = entry.text("_UID") { parts.append("uid \(user)") }
        return parts.joined(separator: ", ")
    }
}
