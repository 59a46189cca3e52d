import BelfryAnomaly
import BelfryAuth
import BelfryBytes
import BelfryObserve
import BelfryReactor
import BelfrySidePort
import BelfryTLS
import Dispatch
import Foundation
import Synchronization
import Testing

@testable import BelfryServer

/// The whole way, from the loops of a real relay to its alerts, tick by tick on demand.
@Suite(.timeLimit(.minutes(2))) struct AlertRelayTests {
    /// One tick: asks the loops and waits until it is judged.
    private func tick(_ watch: AlertWatch, _ relay: Relay) async {
        let before = relay.registry.snapshot().count(of: .detectorTick)
        watch.queue.async { watch.tick() }
        await settles("a tick") { relay.registry.snapshot().count(of: .detectorTick) > before }
    }

    private func settles(_ what: String, _ condition: () -> Bool) async {
        for _ in 0..<4_000 {
            if condition() { return }
            try? await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("not within 20 s: \(what)")
    }

    private func house(_ change: (inout Configuration) -> Void = { _ in }) async throws -> RelayHouse {
        let house = try await RelayHouse {
            $0.alerts.stateFile = ""
            $0.alerts.tick = .seconds(1)
            // What this house writes, it writes nowhere.
            $0.alerts.detectors["AuditLoss"] = .off
            change(&$0)
        }
        house.relay.registry.state = .serving
        return house
    }

    private func stuff(_ house: RelayHouse, subjects: Int) async throws {
        for number in 0..<subjects {
            let client = try house.client()
            let token = RelayHouse.token(#""sub":"user\#(number)","exp":1000"#)
            _ = try client.asks(#"{"id":1,"connect":{"token":"\#(token)"}}"#)
        }
        await settles("the refusals") {
            house.relay.registry.snapshot()[.authFailures(.expired)] >= UInt64(subjects)
        }
    }

    @Test func `many subjects that fail from one network raise the alert, and it ends`() async throws {
        let house = try await house()
        defer { house.close() }
        let watch = AlertWatch(house.relay)
        try await stuff(house, subjects: 14)
        await tick(watch, house.relay)
        let alert = try #require(house.relay.alertDesk.alerts().first { $0.name == "CredentialStuffing" })
        #expect(alert.key == .init(label: "client_net", value: "127.0.0.0/24"))
        #expect(alert.evidence.observed == 14)
        #expect(house.metric("belfry_alert_active", ["alert": "CredentialStuffing"]) == 1)
        #expect(house.metric("belfry_alert_firings_total", ["alert": "CredentialStuffing"]) == 1)
        #expect(house.metric("belfry_anomaly_observed", ["detector": "failing_subjects"]) == 14)
        #expect(house.metric("belfry_unique_sources_estimate", ["window": "10m"]) == 1)
        // A window of one to two minutes, then a minute of quiet; a tick of a second counts ten.
        await ends("CredentialStuffing", watch, house.relay)
        #expect(house.metric("belfry_alert_active", ["alert": "CredentialStuffing"]) == 0)
        let ended = try #require(house.relay.alertDesk.alerts().first { $0.name == "CredentialStuffing" })
        #expect(ended.fingerprint == alert.fingerprint && ended.resolved != nil)
    }

    private func ends(_ name: String, _ watch: AlertWatch, _ relay: Relay) async {
        for _ in 0..<200 {
            await tick(watch, relay)
            if relay.alertDesk.alerts().contains(where: { $0.name == name && !$0.isFiring }) { return }
            try? await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("\(name) does not end")
    }

    @Test func `what is off is never raised, what is in the shadow counts nowhere`() async throws {
        let house = try await house {
            $0.alerts.detectors["CredentialStuffing"] = .shadow
        }
        defer { house.close() }
        let watch = AlertWatch(house.relay)
        try await stuff(house, subjects: 14)
        await tick(watch, house.relay)
        let alerts = house.relay.alertDesk.alerts()
        #expect(alerts.map(\.name) == ["CredentialStuffing"])
        #expect(alerts.first?.isShadow == true)
        #expect(house.metric("belfry_alert_active", ["alert": "CredentialStuffing"]) == 0)
        #expect(house.metric("belfry_alert_firings_total", ["alert": "CredentialStuffing"]) == 0)
    }

    /// Has the watch take other settings, and waits until it has.
    private func adopt(
        _ watch: AlertWatch, _ relay: Relay, _ change: (inout Configuration.Alerts) -> Void
    ) async {
        var configuration = relay.configuration
        change(&configuration.alerts)
        for mailbox in relay.mailboxes {
            _ = mailbox.post(.watchTraffic(configuration.alerts.isEnabled))
        }
        watch.adopt(configuration)
        await withCheckedContinuation { done in watch.queue.async { done.resume() } }
    }

    @Test func `a reload that puts an alert into the shadow ends it for all who were woken`() async throws {
        let house = try await house()
        defer { house.close() }
        let watch = AlertWatch(house.relay)
        try await stuff(house, subjects: 14)
        await tick(watch, house.relay)
        await adopt(watch, house.relay) {
            $0.detectors["CredentialStuffing"] = .shadow
            $0.runbookURL = "https://wiki.example"
        }
        let alerts = house.relay.alertDesk.alerts().sorted { $0.isFiring && !$1.isFiring }
        #expect(alerts.map(\.isFiring) == [true, false])
        #expect(alerts.map(\.isShadow) == [true, false])
        let (now, before) = (try #require(alerts.first), try #require(alerts.last))
        #expect(abs(now.since.timeIntervalSince(before.since)) < 1)
        #expect(alerts.first?.words.runbookURL == "https://wiki.example/CredentialStuffing.md")
        #expect(house.metric("belfry_alert_active", ["alert": "CredentialStuffing"]) == 0)
        await adopt(watch, house.relay) { $0.detectors["CredentialStuffing"] = .off }
        #expect(!house.relay.alertDesk.alerts().contains { $0.isFiring })
    }

    @Test func `detectors that a reload switches off and on know what they knew`() async throws {
        let house = try await house()
        defer { house.close() }
        let watch = AlertWatch(house.relay)
        try await stuff(house, subjects: 14)
        await tick(watch, house.relay)
        let learnt = try StateWriter.save(watch.state.withLock { $0.bank })
        await adopt(watch, house.relay) { $0.isEnabled = false }
        #expect(!house.relay.alertDesk.alerts().contains { $0.isFiring })
        #expect(house.metric("belfry_anomaly_observed", ["detector": "failing_subjects"]) == 0)
        try await stuff(house, subjects: 28)
        // The watch is seen to live.
        await tick(watch, house.relay)
        #expect(!house.relay.alertDesk.alerts().contains { $0.isFiring })
        await adopt(watch, house.relay) { $0.isEnabled = true }
        let kept = try StateWriter.save(watch.state.withLock { $0.bank })
        #expect(kept == learnt)
        await tick(watch, house.relay)
        #expect(!house.relay.alertDesk.alerts().contains { $0.isFiring })
        try await stuff(house, subjects: 42)
        await tick(watch, house.relay)
        #expect(house.relay.alertDesk.alerts().contains { $0.isFiring })
    }

    @Test func `three failed probes raise an alert, one that passes ends it`() async throws {
        let house = try await house()
        defer { house.close() }
        let outcome = Box(TickSummary.Probe.failed)
        let watch = AlertWatch(house.relay, probe: { outcome.value })
        for _ in 0..<4 { await tick(watch, house.relay) }
        let alert = try #require(house.relay.alertDesk.alerts().first { $0.name == "TrafficVanished" })
        #expect(alert.isFiring)
        outcome.value = .passed
        await ends("TrafficVanished", watch, house.relay)
    }

    @Test func `one token in four networks is told by its user's pseudonym`() async throws {
        // The loopback has one network here: the loop's share is looked at instead.
        let house = try await house()
        defer { house.close() }
        let member = try house.member(user: "ada", #""jti":"t1""#)
        let inbox = TrafficInbox()
        await withCheckedContinuation { continuation in
            inbox.ask(house.relay.mailboxes) { continuation.resume() }
        }
        let sessions = inbox.take().flatMap { $0.sketch.sessions }
        let pseudonym = UInt64(house.relay.pseudonym.of("ada"), radix: 16)
        #expect(sessions.map(\.subject) == [pseudonym])
        #expect(sessions.map(\.net.description) == ["127.0.0.0/24"])
        _ = member
    }

    @Test func `what was learnt outlives the process, and what is damaged does not`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "belfry-state-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: "anomaly.state").path
        let house = try await house { $0.alerts.stateFile = path }
        defer { house.close() }
        let watch = AlertWatch(house.relay)
        await tick(watch, house.relay)
        watch.save()
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let complaints = Box<[String]>([])
        _ = AlertWatch(house.relay, note: { complaint in complaints.value.append(complaint) })
        #expect(complaints.value.isEmpty)
        var bytes = try Data(contentsOf: URL(filePath: path))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(filePath: path))
        _ = AlertWatch(house.relay, note: { complaint in complaints.value.append(complaint) })
        #expect(complaints.value.count == 1)
        #expect(complaints.value.first?.contains("learn anew") == true)
    }
}

/// A value that closures share.
private final class Box<Value: Sendable>: Sendable {
    private let state: Mutex<Value>
    init(_ value: Value) { state = Mutex(value) }
    var value: Value {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
