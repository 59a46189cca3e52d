import BelfryAnomaly
import BelfryObserve
import BelfrySidePort
import Foundation

/// Writes alerts down for people and machines: what is the same in the journal, on the side port and in what is sent.
struct AlertScribe: Sendable {
    let instance: String
    let externalURL: String
    let runbookURL: String
    let plainSubjects: Bool
    /// `nil` for the default journal.
    let journalNamespace: String?

    init(_ configuration: Configuration, instance: String, journalNamespace: String?) {
        self.instance = instance
        self.journalNamespace = journalNamespace
        externalURL = configuration.externalURL
        runbookURL = configuration.alerts.runbookURL
        plainSubjects = configuration.journal.plainSubjects
    }

    func fingerprint(of alert: Alert) -> String {
        let digits = String(alert.fingerprint(instance: instance), radix: 16)
        return String(repeating: "0", count: max(0, 16 - digits.count)) + digits
    }

    /// What is told of an alert whose condition was first true at `since`, which it became at `fired`, and whose numbers
    /// were seen `now`.
    func record(of alert: Alert, since: Date, fired: Date, now: Date) -> AlertRecord {
        let fingerprint = fingerprint(of: alert)
        var record = AlertRecord(
            fingerprint: fingerprint, name: alert.name.rawValue,
            severity: AlertRecord.Severity(alert.identity.severity),
            key: alert.key.label.map { .init(label: $0.name, value: $0.value) },
            labels: alert.labels(instance: instance), detector: alert.name.signal.rawValue, since: since,
            fired: fired, updated: now, evidence: AlertRecord.Evidence(alert),
            words: words(of: alert, since: since), address: "\(externalURL)/alerts/\(fingerprint)")
        record.isShadow = alert.isShadow
        record.isFlapping = alert.isFlapping
        return record
    }

    private func words(of alert: Alert, since: Date) -> AlertRecord.Words {
        AlertRecord.Words(
            summary: alert.summary, description: alert.name.explanation, action: alert.name.action,
            runbookURL: runbook(alert.name),
            journal: alert.journalCommand(
                since: Int64(since.timeIntervalSince1970), plainSubjects: plainSubjects,
                namespace: journalNamespace))
    }

    private func runbook(_ name: AlertName) -> String {
        runbookURL + (runbookURL.hasSuffix("/") ? "" : "/") + name.runbook + ".md"
    }

    func facts(of alert: Alert) -> Event.AlertFacts {
        let reading = alert.evidence.reading
        return Event.AlertFacts(
            alert: alert.name.rawValue, fingerprint: fingerprint(of: alert),
            key: alert.key.label.map { "\($0.name)=\($0.value)" } ?? "",
            observed: Alert.text(reading.observed), expected: Alert.text(reading.expected),
            unit: reading.unit.rawValue, limit: Alert.text(reading.limit), window: reading.window,
            detector: alert.name.signal.rawValue,
            summary: (alert.isShadow ? "(shadow) " : "") + alert.summary,
            documentation: runbook(alert.name), priority: alert.priority)
    }
}

extension Alert {
    /// In the journal: what wakes nobody is information.
    var priority: BelfryObserve.Priority {
        if isShadow { return .info }
        switch identity.severity {
        case .critical: return .error
        case .warning: return .warning
        case .info: return .notice
        }
    }
}

extension AlertRecord.Severity {
    init(_ severity: AlertSeverity) {
        switch severity {
        case .critical: self = .critical
        case .warning: self = .warning
        case .info: self = .info
        }
    }
}

extension AlertRecord.Evidence {
    fileprivate init(_ alert: Alert) {
        let reading = alert.evidence.reading
        self.init(
            observed: reading.observed.jsonSafe, expected: reading.expected.jsonSafe,
            unit: reading.unit.rawValue, score: reading.score.jsonSafe, limit: reading.limit.jsonSafe,
            windowSeconds: reading.window, peak: alert.peak.jsonSafe,
            contributors: alert.evidence.contributors.map { contributor in
                let label = contributor.key.label ?? ("", "")
                return .init(
                    label: label.name, value: label.value, count: contributor.count,
                    share: contributor.share.jsonSafe)
            })
    }
}

extension Double {
    /// JSON knows no infinity.
    var jsonSafe: Double { isFinite ? self : self > 0 ? 1e300 : 0 }
}
