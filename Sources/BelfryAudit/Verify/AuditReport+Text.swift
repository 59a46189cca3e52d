extension AuditReport {
    /// How many processes and faults a person reads.
    private static let shown = 20

    package func exitCode(isStrict: Bool) -> Int32 {
        if faultCount > 0 { return AuditExit.faulty }
        if entryCount == 0 || !unknownKeys.isEmpty { return AuditExit.unknown }
        return isStrict && !doubts.isEmpty ? AuditExit.faulty : AuditExit.good
    }

    /// The first fault first, then the processes, then what is not proved.
    package var text: String {
        var lines = faults.prefix(Self.shown).map { "FAULT \($0)" }
        if faultCount > lines.count { lines.append("and \(faultCount - lines.count) more faults") }
        lines += runs.suffix(Self.shown).map(\.text)
        if runCount > Self.shown { lines.append("and \(runCount - Self.shown) more processes") }
        lines += doubts.map { "not proved: \($0)" }
        lines.append(verdict)
        return lines.joined(separator: "\n")
    }

    private var verdict: String {
        let scope = "\(entryCount) audit entries of \(runCount) processes"
        if entryCount == 0 { return "no audit entry was read" }
        if faultCount > 0 { return "BAD: \(scope), \(faultCount) faults" }
        return "good: \(scope); each number and each chain value is as it was written"
            + (lost > 0 ? ", \(lost) stated as lost" : "")
    }
}

extension AuditReport.Run {
    fileprivate var text: String {
        let state = hasStopped ? "stopped in order" : "no end"
        let start = isCutAtStart ? "from the middle, " : ""
        return "\(name): \(start)numbers \(numbers.lowerBound) to \(numbers.upperBound), \(entries) entries"
            + (lost > 0 ? ", \(lost) stated as lost" : "") + ", \(state)\(isKeyed ? ", keyed" : "")"
    }
}
