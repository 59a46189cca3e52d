import Foundation
import Testing

@testable import BelfryServer

@Suite struct ConfigurationChangesTests {
    private let fixture: ConfigurationFixture

    init() throws { fixture = try ConfigurationFixture() }

    private func load(_ more: String = "") throws -> Configuration {
        try fixture.load(ConfigurationFixture.needed + more).configuration
    }

    @Test func `what differs is told by the names of its keys, in the order of the sections`() throws {
        let before = try load("client: {ping: 20s}")
        let after = try load(
            """
            server: {drain: 5s}
            client: {ping: 20s}
            channels: {namespaces: {chat: {presence: true}}}
            limits: {user: {publish: {rate: 1/s}}}
            alerts: {detectors: {SlowConsumers: shadow}}
            """)
        #expect(
            after.keysChanged(since: before) == [
                "server.drain", "channels.namespaces", "limits.user.publish.rate", "alerts.detectors",
            ])
        #expect(before.keysChanged(since: before).isEmpty)
    }

    @Test func `a secret that has another content is named, and not shown`() throws {
        let before = try load()
        try fixture.write(String(repeating: "z", count: 40), to: "auth/hmac.key")
        #expect(try load().keysChanged(since: before) == ["auth.hmac_secret_file"])
    }

    @Test func `keys that a reload takes do not wait for a restart`() throws {
        let started = try load()
        let changed = try load(
            """
            server: {loops: 3}
            journal: {level: debug, canary: 5m}
            api: {keys: [{name: a, key: "0123456789abcdef0123456789abcdef", scopes: [all]}], timeout: 1s}
            """)
        #expect(
            changed.keysAwaitingRestart(since: started) == ["server.loops", "api.timeout", "journal.canary"])
        #expect(try load().keysAwaitingRestart(since: started).isEmpty)
    }

    @Test func `the hash of a configuration knows every section`() throws {
        let plain = try load()
        for more in [
            "alerts: {detectors: {SlowConsumers: shadow}}", "alerts: {runbook_url: x}",
            "probe: {interval: 5s}",
            "channels: {namespaces: {chat: {}}}",
        ] { #expect(try load(more).fingerprint != plain.fingerprint, "\(more)") }
        let many = "alerts: {detectors: {SlowConsumers: shadow, AuditLoss: off, TokenReplay: on}}"
        let again = try load(many).fingerprint
        #expect(try load(many).fingerprint == again)
    }

    @Test func `ops/belfry.yaml names what a reload takes`() throws {
        let text = try String(contentsOf: repository.appending(path: "ops/belfry.yaml"), encoding: .utf8)
        let paragraph = try #require(text.firstRange(of: "# On SIGHUP")).lowerBound
        let end = try #require(text.firstRange(of: "\n\n")).lowerBound
        let named = Set(text[paragraph..<end].matches(of: /[a-z_]+\.[a-z_]+/).map { String($0.output) })
        let auth = Configuration.keyDescriptions.filter { $0.name.hasPrefix("auth.") }
        #expect(auth.filter { !$0.isReloaded }.map(\.name) == ["auth.denials"])
        let others = Configuration.keyDescriptions.filter { $0.isReloaded && !$0.name.hasPrefix("auth.") }
        #expect(named.subtracting(["auth.denials", "config.loaded"]) == Set(others.map(\.name)))
    }
}
