import BelfryAnomaly
import BelfryBytes
import BelfryObserve
import BelfrySidePort
import Foundation
import Testing

@testable import BelfryServer

@Suite struct AlertLabelTests {
    @Test func `metrics and detectors call signals by the same names`() {
        #expect(DetectorLabel.allCases.map(\.label) == Signal.allCases.map(\.rawValue))
        for signal in Signal.allCases { #expect(DetectorLabel(signal).label == signal.rawValue) }
    }

    @Test func `metrics and detectors call alerts by the same names`() {
        #expect(AlertLabel.allCases.map(\.label) == AlertName.allCases.map(\.rawValue))
        for name in AlertName.allCases { #expect(AlertLabel(name).label == name.rawValue) }
    }
}

@Suite struct AlertScribeTests {
    private func alert(
        _ name: AlertName, _ key: AlertKey, _ severity: AlertSeverity? = nil, observed: Double = 61
    ) -> Alert {
        let reading = Reading(
            observed: observed, expected: 3, unit: .subjects, score: 61, limit: 12, window: 60)
        let net = AlertKey.clientNet(ClientNet(ipv4: 0xCB00_7107))
        return Alert(
            identity: .init(name: name, key: key, severity: severity ?? name.severity),
            since: Instant(nanoseconds: 0),
            evidence: AlertEvidence(reading, contributors: [.init(key: net, count: 60, of: 61)]))
    }

    private func scribe(
        namespace: String? = nil, _ change: (inout Configuration) -> Void = { _ in }
    ) -> AlertScribe {
        var configuration = Configuration()
        change(&configuration)
        return AlertScribe(configuration, instance: "relay-1", journalNamespace: namespace)
    }

    private let moment = Date(timeIntervalSince1970: 1_800_000_000)

    @Test func `a record has the numbers, the names and the words of its alert`() throws {
        let stuffing = alert(.credentialStuffing, .clientNet(ClientNet(ipv4: 0xCB00_7107)))
        let record = scribe().record(of: stuffing, since: moment, fired: moment, now: moment)
        #expect(record.labels["client_net"] == "203.0.113.0/24")
        #expect(record.labels["instance"] == "relay-1")
        #expect(record.fingerprint.count == 16)
        #expect(record.words.runbookURL == "runbooks/CredentialStuffing.md")
        #expect(record.words.journal == "journalctl --since @1799999940 BELFRY_EVENT=auth.failure")
        #expect(record.address == "http://127.0.0.1:9300/alerts/\(record.fingerprint)")
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(record.line.utf8)) as? [String: Any])
        #expect(json["observed"] as? Double == 61)
        #expect(json["state"] as? String == "firing")
        #expect(json["severity"] as? String == "critical")
        #expect(json["resolved"] is NSNull)
        #expect(json["since"] as? String == "2027-01-15T08:00:00.000Z")
        #expect((json["contributors"] as? [[String: Any]])?.first?["value"] as? String == "203.0.113.0/24")
        #expect(!record.line.contains("\n"))
    }

    @Test func `links begin where people reach the side port`() {
        let scribe = scribe {
            $0.alerts.externalURL = "https://relay.example/"
            $0.alerts.runbookURL = "https://wiki.example/belfry/"
        }
        let record = scribe.record(of: alert(.auditLoss, .none), since: moment, fired: moment, now: moment)
        #expect(record.address.hasPrefix("https://relay.example/alerts/"))
        #expect(record.words.runbookURL == "https://wiki.example/belfry/AuditLoss.md")
    }

    @Test func `the journal is asked for the user an alert is about, where it knows the name`() {
        let replay = alert(.tokenReplay, .subject(0xAB))
        let record = scribe().record(of: replay, since: moment, fired: moment, now: moment)
        #expect(record.words.journal.hasSuffix("BELFRY_EVENT=auth.success BELFRY_SUBJECT=00000000000000ab"))
        let plain = scribe { $0.journal.plainSubjects = true }
        let other = plain.record(of: replay, since: moment, fired: moment, now: moment)
        #expect(!other.words.journal.contains("SUBJECT"))
    }

    @Test func `the journal that is asked is the relay's own`() {
        let record = scribe(namespace: "belfry").record(
            of: alert(.auditLoss, .none), since: moment, fired: moment, now: moment)
        #expect(record.words.journal.hasPrefix("journalctl --namespace=belfry --since @1799999940 BELFRY_"))
    }

    @Test func `severity is the priority in the journal, and what wakes nobody is information`() {
        #expect(alert(.auditLoss, .none).priority == .error)
        #expect(alert(.slowConsumers, .none).priority == .warning)
        #expect(alert(.tlsDowngradeProbe, .none).priority == .notice)
        var shadow = alert(.auditLoss, .none)
        shadow.isShadow = true
        #expect(shadow.priority == .info)
        #expect(scribe().facts(of: shadow).summary.hasPrefix("(shadow) "))
    }

    @Test func `numbers that JSON does not know are written as great ones`() {
        let record = scribe().record(
            of: alert(.auditLoss, .none, observed: .infinity), since: moment, fired: moment, now: moment)
        #expect(record.evidence.observed == 1e300)
        #expect(record.line != "{}")
    }

    @Test(arguments: AlertName.allCases)
    func `every alert says what it is, what to do, and which entries show it`(name: AlertName) {
        let record = scribe().record(of: alert(name, .none), since: moment, fired: moment, now: moment)
        #expect(record.words.description.count > 40)
        #expect(record.words.action.count > 20)
        #expect(record.words.journal.contains("BELFRY_EVENT="))
    }
}

@Suite struct DetectorDeskTests {
    @Test func `what the bank knows is what is told, with numbers that JSON knows`() throws {
        var configuration = Configuration()
        configuration.alerts.tick = .milliseconds(1_500)
        let desk = DetectorDesk(configuration)
        #expect(desk.current.isOn && desk.current.tickSeconds == 1.5 && desk.current.detectors.isEmpty)
        var bank = DetectorBank(seed: 1, shadow: [.authFailureBurst], off: [.tokenReplay])
        var counts = TickSummary()
        counts.authFailures = 5_000
        counts.authAttempts = 5_000
        _ = bank.advance(counts, TrafficSketch(), at: Instant(nanoseconds: 10_000_000_000), time: 10)
        let moment = Date(timeIntervalSince1970: 1_800_000_000)
        desk.update(bank.standings, at: moment)
        let report = desk.current
        #expect(report.ticks == 1 && report.judged == moment)
        #expect(report.detectors.map(\.name) == Signal.allCases.map(\.rawValue))
        let burst = try #require(report.detectors.first)
        #expect(
            burst.state == .pending && burst.sight?.observed == 5_000 && burst.sight?.unit == "per minute")
        #expect(
            burst.alerts == [
                .init(
                    name: "AuthFailureBurst", severity: .critical, mode: .shadow, pending: 1, ticks: 1,
                    ticksNeeded: 2)
            ])
        #expect(report.detectors.first { $0.name == "token_replay" }?.state == .off)
    }
}

@Suite struct TickReaderTests {
    private let registry = MetricRegistry(
        build: BuildInfo(version: "1", commit: "c", swift: "6", openssl: "3"), certificateNames: [],
        eventNames: [])

    @Test func `a tick is the difference of two snapshots`() {
        let shard = registry.makeShard()
        shard.add(5, to: .listenerAccepts)
        var reader = TickReader(registry.snapshot(), journalLost: 7)
        shard.add(3, to: .listenerAccepts)
        shard.count(.authFailures(.expired))
        shard.count(.authFailures(.signature))
        shard.add(40, to: .messagesReceived(.publish))
        shard.add(2, to: .messagesReceived(.connect))
        for _ in 0..<30 { shard.observe(900_000, in: .delivery) }
        var gauges = TickGauges()
        gauges.journalLost = 9
        gauges.clockStep = -2
        let first = reader.summary(registry.snapshot(), gauges)
        #expect(first.accepts == 3)
        #expect(first.authFailures == 2 && first.authExpired == 1)
        // Two were admitted and two were not.
        #expect(first.authAttempts == 4)
        #expect(first.received == 42)
        #expect(first.journalLost == 2 && first.clockStep == -2)
        #expect((0.0005...0.001).contains(first.deliveryP50))
        let second = reader.summary(registry.snapshot(), gauges)
        #expect(second.accepts == 0 && second.received == 0 && second.deliveryP50 == 0)
        #expect(second.journalLost == 0)
    }

    @Test func `a handful of deliveries says nothing about their times`() {
        let shard = registry.makeShard()
        var reader = TickReader(registry.snapshot(), journalLost: 0)
        for _ in 0..<19 { shard.observe(900_000_000, in: .delivery) }
        #expect(reader.summary(registry.snapshot(), TickGauges()).deliveryP99 == 0)
    }

    @Test func `a clock that runs evenly has no step, one that jumps has its jump`() {
        var watch = ClockWatch()
        #expect(watch.step(wall: 1_000, steady: 5) == 0)
        #expect(abs(watch.step(wall: 1_010.003, steady: 15)) < 0.01)
        #expect(abs(watch.step(wall: 1_320, steady: 25) - 299.997) < 0.001)
        #expect(abs(watch.step(wall: 30, steady: 35) + 1_300) < 0.001)
    }
}
