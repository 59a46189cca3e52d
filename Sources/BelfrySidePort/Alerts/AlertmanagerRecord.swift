package import Foundation

// Alertmanager's API, version 2 (alertmanager/api/v2/openapi.yaml), as far as it reads alerts and takes them in.

extension AlertRecord {
    /// Texts of evidence, as Alertmanager keeps them.
    package var annotations: [String: String] {
        [
            "summary": words.summary, "description": words.description, "action": words.action,
            "runbook_url": words.runbookURL, "journal": words.journal, "unit": evidence.unit,
            "observed": evidence.observed.alertText, "expected": evidence.expected.alertText,
            "score": evidence.score.alertText, "limit": evidence.limit.alertText,
            "peak": evidence.peak.alertText, "window": "\(evidence.windowSeconds)s",
            "contributors": evidence.contributors.map {
                "\($0.value) \($0.count) (\(Int(($0.share * 100).rounded())) %)"
            }.joined(separator: ", "),
        ].filter { !$0.value.isEmpty }
    }
}

/// `postableAlert`: what is sent to Alertmanager, and one of the alerts of a webhook's message.
package struct PostableAlert: Encodable, Sendable {
    let status: String?
    let labels: [String: String]
    let annotations: [String: String]
    let startsAt: String
    let endsAt: String
    let generatorURL: String
    let fingerprint: String?

    /// - Parameters:
    ///   - record: The alert.
    ///   - endsAt: When it is over, or may be taken for over unless it is sent again.
    ///   - isWebhook: Whether state and fingerprint are told as well.
    package init(_ record: AlertRecord, endsAt: Date?, isWebhook: Bool) {
        status = isWebhook ? (record.isFiring ? "firing" : "resolved") : nil
        fingerprint = isWebhook ? record.fingerprint : nil
        labels = record.labels
        annotations = record.annotations
        startsAt = record.since.alertText
        // Alertmanager's own word for "not yet".
        self.endsAt = endsAt?.alertText ?? "0001-01-01T00:00:00Z"
        generatorURL = record.address
    }
}

/// The message of a webhook, version 4 of Alertmanager's.
package struct WebhookMessage: Encodable, Sendable {
    let version = "4"
    let groupKey: String
    let truncatedAlerts = 0
    let status: String
    let receiver = "belfry"
    let groupLabels: [String: String]
    let commonLabels: [String: String]
    let commonAnnotations: [String: String]
    let externalURL: String
    let alerts: [PostableAlert]

    /// Tells of `records`, of one name and at least one.
    package init(_ records: [AlertRecord], externalURL: String) {
        let name = records.first?.name ?? ""
        groupKey = "{}:{alertname=\"\(name)\"}"
        groupLabels = ["alertname": name]
        status = records.contains(where: \.isFiring) ? "firing" : "resolved"
        commonLabels = Self.common(records.map(\.labels))
        commonAnnotations = Self.common(records.map(\.annotations))
        self.externalURL = externalURL
        alerts = records.map { PostableAlert($0, endsAt: $0.resolved, isWebhook: true) }
    }

    private static func common(_ sets: [[String: String]]) -> [String: String] {
        guard let first = sets.first else { return [:] }
        return first.filter { name, value in sets.allSatisfy { $0[name] == value } }
    }
}

/// `gettableAlert`.
struct GettableAlert: Encodable {
    struct Receiver: Encodable { let name: String }
    struct Status: Encodable {
        let state = "active"
        let silencedBy: [String] = []
        let inhibitedBy: [String] = []
    }

    let fingerprint: String
    let labels: [String: String]
    let annotations: [String: String]
    let startsAt: String
    let endsAt: String
    let updatedAt: String
    let generatorURL: String
    let receivers = [Receiver(name: "belfry")]
    let status = Status()

    init(_ record: AlertRecord) {
        fingerprint = record.fingerprint
        labels = record.labels
        annotations = record.annotations
        startsAt = record.since.alertText
        endsAt = (record.resolved ?? record.updated.addingTimeInterval(240)).alertText
        updatedAt = record.updated.alertText
        generatorURL = record.address
    }
}

/// `alertmanagerStatus`, as much of it as clients need to find their version.
struct AlertmanagerStatus: Encodable {
    struct Cluster: Encodable {
        let status = "disabled"
        let peers: [String] = []
    }
    struct Version: Encodable {
        let version: String
        let branch = ""
        let buildDate = ""
        let buildUser = ""
        let goVersion = ""
        let revision = ""
    }
    struct Configuration: Encodable { let original = "" }

    let cluster = Cluster()
    let versionInfo: Version
    let config = Configuration()
    let uptime: String

    init(_ source: any AlertSource) {
        versionInfo = Version(version: source.version)
        uptime = Date(timeIntervalSince1970: source.startedAt).alertText
    }
}

extension Double {
    /// Up to four digits that count.
    fileprivate var alertText: String {
        formatted(
            .number.precision(.significantDigits(1...4)).grouping(.never).locale(Locale(identifier: "en")))
    }
}
