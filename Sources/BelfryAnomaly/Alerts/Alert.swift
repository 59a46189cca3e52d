package import BelfryBytes

/// The numbers behind an alert.
package struct AlertEvidence: Equatable, Sendable {
    /// One who contributed, and how much of the whole.
    package struct Contributor: Equatable, Sendable {
        package let key: AlertKey
        package let count: UInt64
        /// From 0 to 1.
        package let share: Double

        package init(key: AlertKey, count: UInt64, of total: UInt64) {
            self.key = key
            self.count = count
            share = total > 0 ? min(1, Double(count) / Double(total)) : 0
        }
    }

    /// Contributors that are told at most.
    package static let contributorLimit = 5

    package var reading: Reading
    package var contributors: [Contributor]

    package init(_ reading: Reading, contributors: [Contributor] = []) {
        self.reading = reading
        self.contributors = Array(contributors.prefix(Self.contributorLimit))
    }
}

/// What a detector found in one tick.
package struct Finding: Equatable, Sendable {
    package enum Level: Sendable {
        /// At or above the level that fires.
        case fires
        /// Between the levels: keeps an alert, starts none.
        case holds
    }

    package let name: AlertName
    package let key: AlertKey
    package let severity: AlertSeverity
    package let level: Level
    package let evidence: AlertEvidence

    package init(
        _ name: AlertName, key: AlertKey = .none, severity: AlertSeverity? = nil, level: Level,
        evidence: AlertEvidence
    ) {
        self.name = name
        self.key = key
        self.severity = severity ?? name.severity
        self.level = level
        self.evidence = evidence
    }
}

/// One alert for one key, as its reader sees it.
package struct Alert: Equatable, Sendable {
    package struct Identity: Hashable, Sendable {
        package let name: AlertName
        package let key: AlertKey
        package let severity: AlertSeverity

        package init(name: AlertName, key: AlertKey, severity: AlertSeverity) {
            self.name = name
            self.key = key
            self.severity = severity
        }
    }

    package let identity: Identity
    /// When its condition first was true.
    package let since: Instant
    /// The latest numbers.
    package var evidence: AlertEvidence
    /// The greatest observed value since it began.
    package var peak: Double
    /// It changed too often, and stays until it has been quiet for long.
    package var isFlapping = false
    /// Told, but it shall wake nobody: the detector runs for comparison.
    package var isShadow = false

    package init(identity: Identity, since: Instant, evidence: AlertEvidence) {
        self.identity = identity
        self.since = since
        self.evidence = evidence
        peak = evidence.reading.observed
    }

    package var name: AlertName { identity.name }
    package var key: AlertKey { identity.key }

    /// Alertmanager's labels.
    ///
    /// - Parameter instance: The name of this relay.
    /// - Returns: Names and values; what makes the alert's identity, and nothing secret.
    package func labels(instance: String) -> [String: String] {
        var labels = [
            "alertname": name.rawValue, "severity": identity.severity.rawValue, "instance": instance,
        ]
        if let label = key.label { labels[label.name] = label.value }
        return labels
    }

    package func fingerprint(instance: String) -> UInt64 {
        AlertFingerprint.of(labels(instance: instance))
    }
}

/// A change that is told outside.
package enum AlertTransition: Equatable, Sendable {
    case firing(Alert)
    case resolved(Alert)

    package var alert: Alert {
        switch self {
        case .firing(let alert), .resolved(let alert): alert
        }
    }
}
