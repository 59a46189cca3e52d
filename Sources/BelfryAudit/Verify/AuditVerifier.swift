import BelfryJournal
import BelfryObserve

/// Checks audit entries as they come by: each process's numbers, its chain, and its link to the process before.
///
/// Keeps one record a process and the newest chain values, so memory does not grow with the number of entries.
package struct AuditVerifier {
    private static let faultsKept = 100
    private static let runsKept = 1_000

    private let keys: [String: AuditChain]
    /// Without a key given, a trail that anybody can compute is what there is.
    private let allowsPublic: Bool
    private var runs: [AuditRunKey: AuditRun] = [:]
    private var seen = RecentValues()
    private var text = ChainText()
    private var report = AuditReport()

    /// - `keys`: The contents of `journal.chain_key_file`, now and before; empty for trails without a key.
    package init(keys: [[UInt8]]) {
        let given = keys.isEmpty ? [[]] : keys
        let chains = given.map { AuditChain(key: $0) }
        self.keys = Dictionary(chains.map { ($0.keyName, $0) }, uniquingKeysWith: { first, _ in first })
        allowsPublic = keys.isEmpty
    }

    /// The next entry, in the journal's order; others than Belfry's are left out.
    package mutating func take(_ entry: AuditEntry) {
        let number = entry.number(JournalField.seq.journalName)
        let value = entry.value(JournalField.chain.journalName).flatMap { ChainValue(hex: $0) }
        guard let number, let value else { return takeUnchained(entry) }
        report.entryCount += 1
        let key = AuditRunKey(entry)
        if let start = entry.value(JournalField.chainStart.journalName).flatMap({ ChainValue(hex: $0) }) {
            if let before = runs[key] { close(before) }
            runs[key] = begin(entry, key, from: start)
        } else if runs[key] == nil {
            runs[key] = beginInTheMiddle(entry, key, number, value)
            seen.add(value)
            return
        }
        if var run = runs.removeValue(forKey: key) {
            check(entry, number, value, &run)
            runs[key] = run
        }
        seen.add(value)
    }

    /// Nothing more comes.
    package mutating func finish() -> AuditReport {
        for run in runs.values.sorted(by: { $0.name < $1.name }) { close(run) }
        runs.removeAll()
        return report
    }

    // MARK: Processes

    private mutating func begin(_ entry: AuditEntry, _ key: AuditRunKey, from start: ChainValue) -> AuditRun {
        var run = AuditRun(name: key.name(entry))
        run.lastValue = start
        run.first = 1
        let keyName = entry.text(JournalField.chainKey.journalName) ?? ""
        run.chain = keys[keyName]
        if run.chain == nil { refuse(keyName, entry, run) }
        checkLink(entry, run)
        return run
    }

    /// A chain value nobody can check: with the wrong key at hand that is a fault, without one a doubt.
    private mutating func refuse(_ keyName: String, _ entry: AuditEntry, _ run: AuditRun) {
        if allowsPublic {
            report.unknownKeys.insert(keyName)
        } else {
            _ = add(.otherKey, run, 1...1, entry)
        }
    }

    private mutating func checkLink(_ entry: AuditEntry, _ run: AuditRun) {
        let isFirst = report.entryCount == 1
        guard let named = entry.value(JournalField.chainBefore.journalName) else {
            if !isFirst { report.runsWithoutLink += 1 }
            return
        }
        guard let before = ChainValue(hex: named), seen.contains(before) else {
            // What stood before the first entry that was read may have made room, or was not asked for.
            if !isFirst { _ = add(.unlinked, run, 1...1, entry) }
            return
        }
    }

    private mutating func beginInTheMiddle(
        _ entry: AuditEntry, _ key: AuditRunKey, _ number: UInt64, _ value: ChainValue
    ) -> AuditRun {
        var run = AuditRun(name: key.name(entry))
        run.isCutAtStart = true
        run.first = number
        run.entries = 1
        run.last = number
        run.lastValue = value
        note(entry, &run)
        return run
    }

    private mutating func close(_ run: AuditRun) {
        report.runCount += 1
        report.lost &+= run.lost
        if run.isCutAtStart { report.runsCutAtStart += 1 }
        if !run.hasStopped { report.runsWithoutEnd += 1 }
        let isKeyed = run.chain.map { $0.keyName != AuditChain.publicName } ?? true
        if !isKeyed { report.runsWithoutKey += 1 }
        if report.runs.count >= Self.runsKept { report.runs.removeFirst() }
        report.runs.append(
            AuditReport.Run(
                name: run.name, numbers: min(run.first, run.last)...max(run.first, run.last),
                entries: run.entries, lost: run.lost, isCutAtStart: run.isCutAtStart,
                hasStopped: run.hasStopped, isKeyed: isKeyed))
    }

    // MARK: One entry

    private mutating func check(
        _ entry: AuditEntry, _ number: UInt64, _ value: ChainValue, _ run: inout AuditRun
    ) {
        run.entries += 1
        if number <= run.last { return checkAgain(entry, number, value, &run) }
        let isGood = isLink(entry, value, after: run.lastValue, &run)
        let expected = run.last &+ 1
        let missing = number == expected ? nil : expected...(number &- 1)
        let named = isGood ? namedGap(entry) : nil
        if let missing, named != missing {
            run.doubt = doubt(.removed, missing, entry, run)
        } else if !isGood {
            run.doubt = doubt(.changed, number...number, entry, run)
        } else if let missing {
            run.lost &+= missing.upperBound &- missing.lowerBound &+ 1
        }
        run.last = number
        run.lastValue = value
        note(entry, &run)
    }

    /// A number that was there, or should have been there, before.
    private mutating func checkAgain(
        _ entry: AuditEntry, _ number: UInt64, _ value: ChainValue, _ run: inout AuditRun
    ) {
        guard let doubt = run.doubt, doubt.numbers.contains(number) else {
            _ = add(.inserted, run, number...number, entry)
            return
        }
        // One that was missing is here after all.
        if doubt.kind == .removed, doubt.numbers.lowerBound == doubt.numbers.upperBound {
            return amend(doubt, .reordered, doubt.numbers)
        }
        // Or the one before was put in, under this number or a later one, and this is what was written.
        guard isLink(entry, value, after: doubt.valueBefore, &run) else { return }
        amend(doubt, .inserted, run.last...run.last)
        guard doubt.kind == .removed || number == run.last else { return }
        run.doubt = nil
        run.last = number
        run.lastValue = value
    }

    private mutating func amend(
        _ doubt: AuditRun.Doubt, _ kind: AuditFault.Kind, _ numbers: ClosedRange<UInt64>
    ) {
        guard let fault = doubt.fault else { return }
        report.faults[fault].kind = kind
        report.faults[fault].numbers = numbers
    }

    private mutating func doubt(
        _ kind: AuditFault.Kind, _ numbers: ClosedRange<UInt64>, _ entry: AuditEntry, _ run: AuditRun
    ) -> AuditRun.Doubt {
        let fault = add(kind, run, numbers, entry)
        return AuditRun.Doubt(fault: fault, kind: kind, numbers: numbers, valueBefore: run.lastValue)
    }

    /// Whether the entry's chain value follows from the one before; true where no key is at hand.
    private mutating func isLink(
        _ entry: AuditEntry, _ value: ChainValue, after before: ChainValue?, _ run: inout AuditRun
    ) -> Bool {
        guard let before else { return false }
        text.begin { before.append(to: &$0) }
        let bytes = entry.bytes.span
        for field in entry.fields { text.add(field, of: bytes) }
        text.finish(from: bytes)
        if let chain = run.chain { return chain.value(of: text) == value }
        guard run.isCutAtStart else { return true }
        // Its first entry would have named the key: the one that fits is it.
        run.chain = keys.values.first { $0.value(of: text) == value }
        if run.chain == nil, allowsPublic {
            report.unknownKeys.insert("unknown")
            return true
        }
        return run.chain != nil
    }

    private func namedGap(_ entry: AuditEntry) -> ClosedRange<UInt64>? {
        guard entry.text(JournalField.event.journalName) == EventKind.journalGap.name,
            let from = entry.number(JournalField.fromSeq.journalName),
            let to = entry.number(JournalField.toSeq.journalName), from <= to
        else { return nil }
        return from...to
    }

    private func note(_ entry: AuditEntry, _ run: inout AuditRun) {
        if entry.text(JournalField.event.journalName) == EventKind.serviceStopped.name {
            run.hasStopped = true
        }
    }

    private static let auditNames = Set(EventKind.allCases.filter(\.isAudit).map(\.name))

    /// Anybody may write to a journal and bear any name; what calls itself an audit entry must be one.
    private mutating func takeUnchained(_ entry: AuditEntry) {
        guard entry.text("SYSLOG_IDENTIFIER") == EventEncoder.identifier,
            let event = entry.text(JournalField.event.journalName), Self.auditNames.contains(event)
        else { return }
        report.entryCount += 1
        let run = AuditRun(name: AuditRunKey(entry).name(entry))
        let number = entry.number(JournalField.seq.journalName) ?? 0
        _ = add(.unchained, run, number...number, entry)
    }

    /// - Returns: Where the fault stands in the report; `nil` when it is only counted.
    private mutating func add(
        _ kind: AuditFault.Kind, _ run: AuditRun, _ numbers: ClosedRange<UInt64>, _ entry: AuditEntry
    ) -> Int? {
        report.faultCount += 1
        guard report.faults.count < Self.faultsKept else { return nil }
        var place = AuditPlace()
        place.event = entry.text(JournalField.event.journalName) ?? ""
        place.time = entry.text(JournalField.time.journalName) ?? ""
        place.cursor = entry.text("__CURSOR") ?? ""
        report.faults.append(AuditFault(kind: kind, run: run.name, numbers: numbers, place: place))
        return report.faults.count - 1
    }
}

/// The chain values that came last, so that a process can name one of them.
///
/// Newest first would nearly always do; the others are for many relays on one machine, whose entries stand between each
/// other.
struct RecentValues {
    private static let capacity = 65_536

    private var ring: [UInt64] = []
    private var place = 0
    private var known: Set<UInt64> = []

    mutating func add(_ value: ChainValue) {
        if ring.count < Self.capacity {
            ring.append(value.short)
        } else {
            known.remove(ring[place])
            ring[place] = value.short
            place = (place + 1) % Self.capacity
        }
        known.insert(value.short)
    }

    func contains(_ value: ChainValue) -> Bool { known.contains(value.short) }
}
