package import Foundation

/// One alert as `/alerts` tells it: typed evidence, and what to do.
package struct AlertRecord: Sendable, Equatable {
    package struct Label: Sendable, Equatable, Encodable {
        package let label: String
        package let value: String

        package init(label: String, value: String) {
            self.label = label
            self.value = value
        }
    }

    package struct Contributor: Sendable, Equatable, Encodable {
        package let label: String
        package let value: String
        package let count: UInt64
        /// From 0 to 1.
        package let share: Double

        package init(label: String, value: String, count: UInt64, share: Double) {
            self.label = label
            self.value = value
            self.count = count
            self.share = share
        }
    }

    /// All finite; the score and its limit are in the detector's own measure.
    package struct Evidence: Sendable, Equatable {
        package var observed: Double
        /// 0 when no usual value is known.
        package var expected: Double
        package var unit: String
        package var score: Double
        package var limit: Double
        package var windowSeconds: Int
        /// The greatest observed value since it began.
        package var peak: Double
        package var contributors: [Contributor]

        package init(
            observed: Double, expected: Double, unit: String, score: Double, limit: Double,
            windowSeconds: Int, peak: Double, contributors: [Contributor]
        ) {
            self.observed = observed
            self.expected = expected
            self.unit = unit
            self.score = score
            self.limit = limit
            self.windowSeconds = windowSeconds
            self.peak = peak
            self.contributors = contributors
        }
    }

    /// What people read.
    package struct Words: Sendable, Equatable {
        package var summary: String
        package var description: String
        package var action: String
        package var runbookURL: String
        /// The command that shows the entries behind it.
        package var journal: String

        package init(
            summary: String, description: String, action: String, runbookURL: String, journal: String
        ) {
            self.summary = summary
            self.description = description
            self.action = action
            self.runbookURL = runbookURL
            self.journal = journal
        }
    }

    package enum Severity: String, Sendable, Encodable, Comparable, CaseIterable {
        case critical, warning, info

        package static func < (left: Self, right: Self) -> Bool {
            allCases.firstIndex(of: left) ?? 0 < allCases.firstIndex(of: right) ?? 0
        }
    }

    /// 16 hexadecimal digits: Alertmanager's own fingerprint of the labels.
    package var fingerprint: String
    package var name: String
    package var severity: Severity
    /// It shall wake nobody: not pushed, not counted, not shown as Alertmanager's.
    package var isShadow = false
    package var isFlapping = false
    /// `nil` for the whole relay.
    package var key: Label?
    /// What makes its identity.
    package var labels: [String: String]
    package var detector: String
    /// The condition was first true.
    package var since: Date
    package var fired: Date
    package var updated: Date
    package var resolved: Date?
    package var evidence: Evidence
    package var words: Words
    /// Where this alert can be seen; for Alertmanager's `generatorURL`.
    package var address: String

    package init(
        fingerprint: String, name: String, severity: Severity, key: Label?, labels: [String: String],
        detector: String, since: Date, fired: Date, updated: Date, evidence: Evidence, words: Words,
        address: String
    ) {
        self.fingerprint = fingerprint
        self.name = name
        self.severity = severity
        self.key = key
        self.labels = labels
        self.detector = detector
        self.since = since
        self.fired = fired
        self.updated = updated
        self.evidence = evidence
        self.words = words
        self.address = address
    }

    package var isFiring: Bool { resolved == nil }
}

extension AlertRecord: Encodable {
    private enum Key: String, CodingKey {
        case fingerprint, name, state, severity, shadow, flapping, key, labels, detector, since, fired,
            updated
        case resolved, observed, expected, unit, score, limit, windowSeconds = "window_seconds", peak
        case contributors, summary, description, action, runbookURL = "runbook_url", journal
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(fingerprint, forKey: .fingerprint)
        try fields.encode(name, forKey: .name)
        try fields.encode(isFiring ? "firing" : "resolved", forKey: .state)
        try fields.encode(severity, forKey: .severity)
        try fields.encode(isShadow, forKey: .shadow)
        try fields.encode(isFlapping, forKey: .flapping)
        try fields.encode(key, forKey: .key)
        try fields.encode(labels, forKey: .labels)
        try fields.encode(detector, forKey: .detector)
        try fields.encode(since.alertText, forKey: .since)
        try fields.encode(fired.alertText, forKey: .fired)
        try fields.encode(updated.alertText, forKey: .updated)
        try fields.encode(resolved?.alertText, forKey: .resolved)
        try fields.encode(evidence.observed, forKey: .observed)
        try fields.encode(evidence.expected, forKey: .expected)
        try fields.encode(evidence.unit, forKey: .unit)
        try fields.encode(evidence.score, forKey: .score)
        try fields.encode(evidence.limit, forKey: .limit)
        try fields.encode(evidence.windowSeconds, forKey: .windowSeconds)
        try fields.encode(evidence.peak, forKey: .peak)
        try fields.encode(evidence.contributors, forKey: .contributors)
        try fields.encode(words.summary, forKey: .summary)
        try fields.encode(words.description, forKey: .description)
        try fields.encode(words.action, forKey: .action)
        try fields.encode(words.runbookURL, forKey: .runbookURL)
        try fields.encode(words.journal, forKey: .journal)
    }

    /// One line of JSON.
    package var line: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

extension Date {
    /// RFC 3339 with milliseconds, in UTC.
    var alertText: String { formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)) }
}
