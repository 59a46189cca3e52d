// Whether all is well, in words: what somebody reads first who has been woken.

/// The one line of a status, and what it stands on.
struct StatusVerdict: Encodable, Equatable, Sendable {
    enum Level: String, Encodable, Comparable {
        case ok, notice, warning, critical

        private var rank: Int {
            switch self {
            case .ok: 0
            case .notice: 1
            case .warning: 2
            case .critical: 3
            }
        }

        static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }
    }

    struct Reason: Encodable, Equatable {
        var level: Level
        var text: String
    }

    var level = Level.ok
    /// The gravest thing, or that there is none.
    var text = ""
    /// All there is to say, the gravest first.
    var reasons: [Reason] = []

    init() {}

    init(_ report: StatusReport) {
        let found = Self.alerts(report) + Self.life(report) + Self.safekeeping(report) + Self.pressure(report)
        reasons = found.sorted { $0.level > $1.level }
        level = reasons.first?.level ?? .ok
        text = reasons.first?.text ?? "All is well"
    }

    private static func alerts(_ report: StatusReport) -> [Reason] {
        let levels: [(String, Level)] = [("critical", .critical), ("warning", .warning), ("info", .notice)]
        return levels.compactMap { severity, level in
            let firing =
                report.alerts?.firing.filter {
                    $0.severity == severity && $0.count > 0 && !$0.isShadow
                } ?? []
            let count = firing.reduce(0) { $0 + $1.count }
            guard count > 0 else { return nil }
            let names = firing.map(\.name).joined(separator: ", ")
            let noun = severity == "info" ? "alert for information" : "\(severity) alert"
            let fires = count == 1 ? "1 \(noun) fires" : "\(count) \(noun.pluralOfAlert) fire"
            return Reason(level: level, text: "\(fires): \(names)")
        }
    }

    private static func life(_ report: StatusReport) -> [Reason] {
        var reasons = report.loops.filter { !$0.isAlive }.map {
            Reason(level: .critical, text: "\($0.name) has stood still for \(Int($0.sinceLastTick)) s")
        }
        switch report.state {
        case "starting": reasons.append(Reason(level: .notice, text: "The relay is starting"))
        case "draining":
            let left = "connection".counted(report.connections.open)
            reasons.append(Reason(level: .notice, text: "Draining: \(left) left, and nobody new is let in"))
        case "overloaded":
            reasons.append(Reason(level: .warning, text: "Overloaded: new work is turned away"))
        default: break
        }
        let probe = report.probe
        if probe.failedLastMinute > 0, probe.passedLastMinute == 0 {
            reasons.append(
                Reason(
                    level: .critical,
                    text: "The self-probe fails: no message comes back through the public port"))
        }
        return reasons
    }

    /// Certificates, journal and store.
    private static func safekeeping(_ report: StatusReport) -> [Reason] {
        var reasons = report.certificates.compactMap(certificate)
        if let store = report.store, store.isFailing {
            reasons.append(
                Reason(level: .critical, text: "The store refuses changes: \(store.failure ?? "unknown")"))
        }
        if report.journal.route == "nowhere" {
            reasons.append(Reason(level: .critical, text: "Journal entries go nowhere: journald is absent"))
        }
        let lost = report.journal.droppedLastMinute
        if lost > 0 {
            reasons.append(
                Reason(level: .warning, text: "\("journal entry".counted(lost)) lost in the last minute"))
        }
        if report.journal.verification == "missing" {
            reasons.append(
                Reason(level: .warning, text: "The newest audit entry does not stand in the journal"))
        }
        return reasons
    }

    /// The same bounds as the alert on expiry has.
    private static func certificate(_ certificate: StatusReport.Certificate) -> Reason? {
        let days = certificate.daysLeft
        guard days <= 14 else { return nil }
        let text =
            days < 0
            ? "The certificate of \(certificate.name) has expired"
            : "The certificate of \(certificate.name) ends in \("day".counted(days))"
        return Reason(level: days <= 3 ? .critical : .warning, text: text)
    }

    private static func pressure(_ report: StatusReport) -> [Reason] {
        var reasons: [Reason] = []
        if report.traffic.drops.rate60s > 0 {
            let rate = report.traffic.drops.rate60s
            reasons.append(Reason(level: .warning, text: "Messages are dropped: \(rate) a second"))
        }
        if isNearlyFull(report.connections.open, report.connections.limit) {
            let limit = "\(report.connections.open) of \(report.connections.limit)"
            reasons.append(Reason(level: .warning, text: "Connections are nearly used up: \(limit)"))
        }
        let process = report.process
        if isNearlyFull(process.openDescriptors, process.maxDescriptors) {
            let limit = "\(process.openDescriptors) of \(process.maxDescriptors)"
            reasons.append(Reason(level: .warning, text: "File descriptors are nearly used up: \(limit)"))
        }
        let slow = report.pressure.slowConsumers
        if slow > 0 {
            let verb = slow == 1 ? "reads" : "read"
            reasons.append(Reason(level: .notice, text: "\("client".counted(slow)) \(verb) too slowly"))
        }
        return reasons
    }

    /// Nine tenths.
    private static func isNearlyFull(_ used: Int64, _ limit: Int64) -> Bool {
        limit > 0 && Double(used) >= 0.9 * Double(limit)
    }
}

extension String {
    /// `1 client`, `2 clients`, `3 journal entries`.
    fileprivate func counted(_ count: some BinaryInteger) -> String {
        guard count != 1 else { return "1 \(self)" }
        return "\(count) " + (hasSuffix("y") && !hasSuffix("ay") ? dropLast() + "ies" : self + "s")
    }

    fileprivate var pluralOfAlert: String { replacing("alert", with: "alerts") }
}
