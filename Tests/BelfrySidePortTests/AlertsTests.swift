import BelfryObserve
import Foundation
import Testing

@testable import BelfrySidePort

/// Alerts without detectors.
private final class FakeAlerts: AlertSource {
    let records: [AlertRecord]
    let feed = EventFeed(.alerts, uid: "abc")
    let version = "1.2.3"
    let startedAt = 1_800_000_000.0

    init(_ records: [AlertRecord]) { self.records = records }

    func alerts() -> [AlertRecord] { records }

    func pattern(_ text: String) -> (@Sendable (String) -> Bool)? {
        guard (try? Regex(text)) != nil else { return nil }
        return { value in (try? Regex(text)).map { value.wholeMatch(of: $0) != nil } ?? false }
    }
}

extension AlertRecord {
    fileprivate static func sample(
        _ name: String, _ severity: Severity = .critical, key: Label? = nil, resolved: Bool = false,
        at seconds: Double = 0
    ) -> AlertRecord {
        let moment = Date(timeIntervalSince1970: 1_800_000_000 + seconds)
        var labels = ["alertname": name, "severity": severity.rawValue, "instance": "relay-1"]
        if let key { labels[key.label] = key.value }
        var record = AlertRecord(
            fingerprint: String("\(name)0000000000000000".lowercased().prefix(16)), name: name,
            severity: severity, key: key, labels: labels, detector: "limits", since: moment, fired: moment,
            updated: moment,
            evidence: .init(
                observed: 61, expected: 3, unit: "subjects", score: 61, limit: 12, windowSeconds: 60,
                peak: 70,
                contributors: [.init(label: "client_net", value: "203.0.113.0/24", count: 60, share: 0.984)]),
            words: .init(
                summary: "Sum", description: "Desc", action: "Act", runbookURL: "runbooks/A.md",
                journal: "journalctl"),
            address: "http://127.0.0.1:9300/alerts/a")
        if resolved { record.resolved = moment.addingTimeInterval(60) }
        return record
    }
}

@Suite("Side port: alerts", .timeLimit(.minutes(1))) struct AlertsTests {
    private static let records: [AlertRecord] = [
        .sample("Slow", .warning, at: 20),
        .sample("Stuffing", key: .init(label: "client_net", value: "203.0.113.0/24")),
        .sample("Flood", at: 10),
        .sample("Gone", resolved: true),
    ]

    private func get(
        _ path: String, _ records: [AlertRecord] = records
    ) async throws -> (status: Int, body: String) {
        try await withSidePort(alerts: FakeAlerts(records)) { client in
            let reply = try await client.get(path)
            return (reply.status, String(reply.body))
        }
    }

    private func objects(_ text: String, under key: String? = nil) throws -> [[String: Any]] {
        let json = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let list = key.flatMap { (json as? [String: Any])?[$0] } ?? json
        return try #require(list as? [[String: Any]])
    }

    @Test(arguments: [
        ("/alerts", ["Flood", "Stuffing", "Slow"]), ("/alerts?state=firing", ["Flood", "Stuffing", "Slow"]),
        ("/alerts?state=resolved", ["Gone"]), ("/alerts?state=all", ["Flood", "Stuffing", "Slow", "Gone"]),
    ])
    func `the worst and newest come first`(path: String, names: [String]) async throws {
        let reply = try await get(path)
        #expect(reply.status == 200)
        #expect(try objects(reply.body, under: "alerts").map { $0["name"] as? String } == names)
    }

    @Test(arguments: [
        "/alerts?state=some", "/alerts?stat=all", "/alerts?state=all&state=all", "/alerts?state=%zz",
    ])
    func `another question is answered 400`(path: String) async throws {
        #expect(try await get(path).status == 400)
    }

    @Test func `one alert is found by its fingerprint`() async throws {
        let reply = try await get("/alerts/stuffing00000000")
        #expect(reply.status == 200)
        let json = try JSONSerialization.jsonObject(with: Data(reply.body.utf8)) as? [String: Any]
        #expect(json?["name"] as? String == "Stuffing")
        #expect(json?["observed"] as? Double == 61)
        #expect((json?["key"] as? [String: String])?["value"] == "203.0.113.0/24")
        for path in ["/alerts/0123456789abcdef", "/alerts/", "/alerts/x", "/alerts/stuffing00000000/x"] {
            #expect(try await get(path).status == 404)
        }
    }

    @Test func `amtool finds what fires in Alertmanager's own shape`() async throws {
        var records = Self.records
        var shadow = AlertRecord.sample("Shadow")
        shadow.isShadow = true
        records.append(shadow)
        let reply = try await get(
            "/api/v2/alerts?active=true&inhibited=false&silenced=false&unprocessed=false", records)
        #expect(reply.status == 200)
        let found = try objects(reply.body)
        #expect(
            found.map { ($0["labels"] as? [String: String])?["alertname"] } == ["Flood", "Stuffing", "Slow"])
        let first = try #require(found.first)
        #expect(
            Set(first.keys) == [
                "fingerprint", "labels", "annotations", "startsAt", "endsAt", "updatedAt", "generatorURL",
                "receivers", "status",
            ])
        let annotations = try #require(first["annotations"] as? [String: String])
        #expect(annotations["observed"] == "61" && annotations["expected"] == "3")
        #expect(annotations["contributors"] == "203.0.113.0/24 60 (98 %)")
        #expect((first["status"] as? [String: Any])?["state"] as? String == "active")
    }

    @Test(arguments: [
        ("filter=alertname%3D%22Flood%22", 1), ("filter=alertname=Flood", 1),
        ("filter=alertname!=%22Flood%22", 2),
        ("filter=alertname%3D~%22Fl.*%7CSlow%22", 2), ("filter=severity!~%22crit.*%22", 1),
        ("filter=alertname=Flood&filter=severity=warning", 0), ("filter=client_net=%22%22", 2),
        ("filter=client_net=%22203.0.113.0/24%22", 1), ("active=false", 0), ("filter=nothing=x", 0),
    ])
    func `alerts are filtered as Alertmanager filters them`(query: String, count: Int) async throws {
        let reply = try await get("/api/v2/alerts?\(query)")
        #expect(reply.status == 200)
        #expect(try objects(reply.body).count == count)
    }

    @Test(arguments: [
        "filter=", "filter=alertname", "filter=1a=x", "filter=a%3D%22x", "filter=a=~(", "filter=a%3D%22x%22y",
        "filter=%zz", "filter=a=\(String(repeating: "x", count: 600))",
    ])
    func `a filter that is none is answered 400`(query: String) async throws {
        #expect(try await get("/api/v2/alerts?\(query)").status == 400)
    }

    @Test func `Alertmanager's status names our version`() async throws {
        let reply = try await get("/api/v2/status")
        let json = try JSONSerialization.jsonObject(with: Data(reply.body.utf8)) as? [String: Any]
        #expect((json?["versionInfo"] as? [String: Any])?["version"] as? String == "1.2.3")
        #expect(json?["uptime"] as? String == "2027-01-15T08:00:00.000Z")
    }

    @Test func `followers hear what happens, and what they missed`() async throws {
        let alerts = FakeAlerts([])
        alerts.feed.publish("firing", "{}")
        alerts.feed.publish("resolved", "{}")
        alerts.feed.end()
        try await withSidePort(alerts: FakeAlerts([])) { client in
            let reply = try await client.get("/alerts/stream", method: "HEAD")
            #expect(reply.status == 200 && reply.header("Content-Type") == "text/event-stream")
        }
    }

    @Test func `alerts are not changed through Alertmanager's API`() async throws {
        try await withSidePort(alerts: FakeAlerts([])) { client in
            let reply = try await client.get("/api/v2/alerts", method: "POST", "Content-Length: 0")
            #expect(reply.status == 405)
        }
    }

    @Test func `a webhook's message is Alertmanager's version 4`() throws {
        let message = WebhookMessage(
            [
                .sample("Flood", key: .init(label: "client_net", value: "a")),
                .sample("Flood", resolved: true),
            ],
            externalURL: "http://127.0.0.1:9300")
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(message)) as? [String: Any]
        #expect(json?["version"] as? String == "4" && json?["status"] as? String == "firing")
        #expect(json?["groupKey"] as? String == #"{}:{alertname="Flood"}"#)
        #expect(json?["truncatedAlerts"] as? Int == 0)
        #expect(
            json?["commonLabels"] as? [String: String]
                == ["alertname": "Flood", "severity": "critical", "instance": "relay-1"])
        let alerts = try #require(json?["alerts"] as? [[String: Any]])
        #expect(alerts.map { $0["status"] as? String } == ["firing", "resolved"])
        #expect(
            alerts.map { $0["endsAt"] as? String } == ["0001-01-01T00:00:00Z", "2027-01-15T08:01:00.000Z"])
        #expect(alerts.allSatisfy { ($0["fingerprint"] as? String)?.count == 16 })
    }

    @Test func `what is posted to Alertmanager ends by itself unless it is repeated`() throws {
        let end = Date(timeIntervalSince1970: 1_800_000_240)
        let alert = PostableAlert(.sample("Flood"), endsAt: end, isWebhook: false)
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(alert)) as? [String: Any]
        #expect(
            Set(json?.keys.map { $0 } ?? []) == [
                "labels", "annotations", "startsAt", "endsAt", "generatorURL",
            ])
        #expect(json?["endsAt"] as? String == "2027-01-15T08:04:00.000Z")
    }
}
