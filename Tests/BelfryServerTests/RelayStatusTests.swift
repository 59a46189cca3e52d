import BelfryAnomaly
import BelfryAuth
import BelfryBytes
import BelfryObserve
import BelfryReactor
import Foundation
import Testing

@testable import BelfryServer
@testable import BelfrySidePort

@Suite("The console of a relay", .serialized, .timeLimit(.minutes(2))) struct RelayStatusTests {
    private static func object(_ bytes: [UInt8]) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    @Test func `a status tells who is there and what became of the others`() async throws {
        let house = try await RelayHouse()
        defer { house.close() }
        let source = RelaySource(relay: house.relay)
        house.relay.registry.state = .serving
        house.relay.takeStatus()
        let ada = try house.member(user: "ada")
        let again = try house.member(user: "ada")
        let bob = try house.member(user: "bob")
        _ = try bob.asks(#"{"id":2,"subscribe":{"channel":"news"}}"#)
        // A subscription is counted in the tick that follows its reply.
        try await house.becomes("belfry_room_memberships", 1)
        try await house.becomes("belfry_rooms", 1)
        house.relay.takeStatus()
        let report = try #require(source.status())
        #expect(report.connections.stages["active"] == 3 && report.population.users == 2)
        #expect(report.population.rooms == 1 && report.population.memberships == 1)
        #expect(report.traffic.accepts.total == 3 && report.certificates.first?.name == "localhost")
        #expect(report.loops.count == 2 && report.store == nil && report.state == "serving")
        #expect(report.node == house.relay.nodeName && report.history?.points.isEmpty == true)
        let status = try Self.object(report.json())
        #expect(status["process"] != nil && status["journal"] != nil)
        withExtendedLifetime([ada, again, bob]) {}
    }

    @Test func `a loop that has ended in a drain is not one that stands still`() async throws {
        let house = try await RelayHouse()
        defer { house.close() }
        // Its loop has ticked.
        let ada = try house.member(user: "ada")
        let later = MonotonicClock.now() + .seconds(60)
        #expect(!house.relay.healthReport(at: later).isHealthy)
        house.relay.drain(over: .zero)
        #expect(house.relay.healthReport(at: later).isHealthy)
        withExtendedLifetime(ada) {}
    }

    @Test func `heavy hitters are found among the open connections, under the journal's names`() async throws
    {
        let house = try await RelayHouse()
        defer { house.close() }
        let source = RelaySource(relay: house.relay)
        let (ada, bob) = (try house.member(user: "ada"), try house.member(user: "bob"))
        for number in 2...4 {
            _ = try ada.asks(#"{"id":\#(number),"subscribe":{"channel":"room\#(number)"}}"#)
        }
        _ = try bob.asks(#"{"id":2,"subscribe":{"channel":"room4"}}"#)
        let top = await source.top()
        #expect(top.tables.count == 5 && top.tables.allSatisfy { $0.windowSeconds == nil })
        let networks = try #require(top.tables.first)
        #expect(networks.entries.map(\.key) == ["127.0.0.0/24"] && networks.total == 2)
        let users = try #require(top.tables.first { $0.by == .user && $0.measure == .received })
        let records = await source.connections(.init()).connections
        let most = try #require(records.max { $0.received.messages < $1.received.messages })
        #expect(users.entries.map(\.key).first == most.subject && users.total == 6 && users.keys == 2)
        #expect(users.entries.first?.count == 4 && users.entries.first?.error == 0)
        let rooms = try #require(top.tables.last)
        #expect(rooms.entries.first?.key == house.relay.pseudonym.of("room4"))
        #expect(rooms.entries.map(\.count) == [2, 1, 1] && rooms.total == 4)
        withExtendedLifetime([ada, bob]) {}
    }

    @Test func `an answer stands for a while, so that many who look cost one walk`() async throws {
        let desk = TopDesk(Pseudonym(key: [1, 2, 3]))
        var walks = 0
        for _ in 0..<3 {
            _ = await desk.report {
                walks += 1
                return []
            }
        }
        #expect(walks == 1)
    }

    @Test func `of the last minute, tables say how long it is and whether all was looked at`() async throws {
        var sketch = TrafficSketch()
        sketch.accepted(from: ClientNet(ipv4: 0xCB00_7101))
        for _ in 0..<3 { sketch.sent(by: 0xA, to: 0xB, recipients: 5) }
        let desk = TopDesk(Pseudonym(key: [1, 2, 3]))
        for _ in 0..<2 { desk.note(sketch, isSampled: true, tickLength: .seconds(10)) }
        let recent = await desk.report { [] }.tables.filter { $0.windowSeconds == 20 }
        #expect(recent.map(\.measure) == [.accepted, .publications, .publications, .deliveries])
        #expect(recent.map(\.isSampled) == [false, true, true, true])
        #expect(recent.map(\.total) == [2, 6, 6, 30])
        let keys = ["203.0.113.0/24", "000000000000000a", "000000000000000b", "000000000000000b"]
        #expect(recent.map { $0.entries.map(\.key) } == keys.map { [$0] })
    }

    @Test func `followers are a metric`() async throws {
        let house = try await RelayHouse(loops: 1)
        defer { house.close() }
        #expect(house.metric("belfry_stream_clients", ["stream": "status"]) == 0)
        let follower = house.relay.status.feed.follow(after: nil)
        #expect(house.metric("belfry_stream_clients", ["stream": "status"]) == 1)
        withExtendedLifetime(follower) {}
    }

    private func record(
        _ name: String, _ severity: AlertRecord.Severity, key: String, isShadow: Bool = false
    ) -> AlertRecord {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        var record = AlertRecord(
            fingerprint: "\(name)-\(key)", name: name, severity: severity,
            key: .init(label: "item", value: key), labels: [:], detector: "limits", since: now, fired: now,
            updated: now,
            evidence: .init(
                observed: 1, expected: 0, unit: "entries", score: 1, limit: 1, windowSeconds: 10, peak: 1,
                contributors: []),
            words: .init(summary: "", description: "", action: "", runbookURL: "", journal: ""), address: "")
        record.isShadow = isShadow
        return record
    }

    @Test func `alerts that fire are told with their own severity, those in the shadow apart`() async throws {
        let house = try await RelayHouse(loops: 1)
        defer { house.close() }
        let desk = house.relay.alertDesk
        // One name, and two severities.
        desk.began(record("ExpiryOrClock", .critical, key: "certificate"))
        desk.began(record("ExpiryOrClock", .warning, key: "clock"))
        desk.began(record("SlowConsumers", .warning, key: "a"))
        desk.began(record("SlowConsumers", .warning, key: "b"))
        desk.began(record("TokenReplay", .critical, key: "c", isShadow: true))
        house.relay.takeStatus()
        let report = try #require(house.relay.status.report)
        let alerts = try #require(report.alerts)
        #expect(alerts.critical == 1 && alerts.warning == 3 && alerts.info == 0 && alerts.shadow == 1)
        let told = alerts.firing.map { "\($0.name) \($0.severity) \($0.count)" }
        #expect(
            told == [
                "ExpiryOrClock critical 1", "TokenReplay critical 1", "ExpiryOrClock warning 1",
                "SlowConsumers warning 2",
            ])
        #expect(alerts.firing.map(\.isShadow) == [false, true, false, false])
        #expect(report.verdict.reasons.first?.text == "1 critical alert fires: ExpiryOrClock")
    }

    @Test func `a drain is told`() async throws {
        let house = try await RelayHouse(loops: 1)
        house.relay.registry.state = .serving
        house.relay.takeStatus()
        #expect(house.relay.status.report?.state == "serving")
        house.relay.registry.state = .draining
        house.relay.takeStatus()
        #expect(
            house.relay.status.report?.verdict.text
                == "Draining: 0 connections left, and nobody new is let in")
        house.close()
    }
}

extension RelayHouse {
    fileprivate func becomes(_ name: String, _ value: Double) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while metric(name) != value, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(2))
        }
        #expect(metric(name) == value)
    }
}
