import BelfryAuth
import BelfryHub
import BelfryLimits
import BelfryReactor
import BelfryServer
import Foundation
import Testing

@Suite struct ConfigurationDocumentsTests {
    private let fixture: ConfigurationFixture
    private let reference: String

    init() throws {
        fixture = try ConfigurationFixture()
        reference = try String(contentsOf: repository.appending(path: "ops/belfry.yaml"), encoding: .utf8)
    }

    @Test func `ops/belfry.yaml loads and shows the defaults`() throws {
        let loaded = try fixture.load(reference)
        var expected = Configuration()
        expected.tls.pair.certificate = fixture.directory.appending(path: "tls/server.pem").path
        expected.tls.pair.privateKey = fixture.directory.appending(path: "tls/server.key").path
        expected.auth.fileSecret = Secret(Array(repeating: UInt8(ascii: "k"), count: 32))
        #expect(loaded.configuration == expected)
        #expect(loaded.warnings.map(\.key) == ["auth.audience"])
    }

    @Test func `ops/belfry.yaml has every key, each below a comment that gives its default`() throws {
        let root = try ConfigurationNode.parse(yaml: reference, path: "belfry.yaml")
        let documented = leaves(of: root, path: "")
        let lines = reference.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for key in Configuration.keyDescriptions {
            guard let line = documented[key.name] else {
                Issue.record("\(key.name) (\(key.expects)) is not in ops/belfry.yaml")
                continue
            }
            let comment = lines[..<(line - 1)].reversed().prefix { $0.contains("#") }.joined(separator: " ")
            #expect(comment.contains("efault"), "\(key.name): no default in the comment above")
            for recordKey in key.recordKeys where key.name.hasPrefix("auth.") || key.name.hasPrefix("tls.") {
                #expect(comment.contains("\(recordKey): "), "\(key.name): no example of \(recordKey)")
            }
        }
        #expect(Set(documented.keys) == Set(Configuration.keyDescriptions.map(\.name)))
    }

    /// The line of each value by its path; rates and bursts of a rule stand on one line.
    private func leaves(of node: ConfigurationNode, path: String) -> [String: Int] {
        guard case .section(let entries) = node.content, !entries.isEmpty else {
            guard case .file(_, let line, _) = node.location else { return [:] }
            return [path: line]
        }
        return entries.reduce(into: [:]) { all, entry in
            all.merge(leaves(of: entry.value, path: path.isEmpty ? entry.key : "\(path).\(entry.key)")) { $1 }
        }
    }

    @Test func `ops/belfry.dev.yaml loads beside a .dev directory`() throws {
        for (path, content) in [
            (".dev/certs/server.pem", "certificate"), (".dev/certs/server.key", "key"),
            (".dev/hmac.key", String(repeating: "k", count: 64)),
        ] { try fixture.write(content, to: path) }
        let text = try String(contentsOf: repository.appending(path: "ops/belfry.dev.yaml"), encoding: .utf8)
        try fixture.write(text, to: "ops/belfry.dev.yaml")
        let path = fixture.directory.appending(path: "ops/belfry.dev.yaml").path
        let configuration = try Configuration.load(path: path, environment: [:]).configuration
        #expect(configuration.server.listen == [ListenAddress(ip: .loopback, port: 8443)])
        #expect(configuration.channels.namespaces.keys.sorted() == ["bench", "chat", "dialog", "news"])
        #expect(configuration.channels.namespaces["chat"]?.allowPublishForSubscriber == true)
        #expect(configuration.client.demoPage)
    }

    @Test func `no two keys share a variable`() {
        let variables = Configuration.keyDescriptions.compactMap(\.variable)
        #expect(Set(variables).count == variables.count)
        #expect(variables.contains("BELFRY_TLS_CERTIFICATE"))
    }

    @Test func `the text of the benchmark loads, with warnings`() throws {
        let loaded = try fixture.load(
            """
            server: {listen: ["127.0.0.1:24102"], loops: 1}
            tls: {certificate: \(fixture.directory.path)/tls/server.pem, private_key: tls/server.key}
            auth: {hmac_secret: "secret", require_exp: false}
            limits: {enabled: false}
            channels:
              default: {allow_subscribe_for_client: true, allow_publish_for_subscriber: true}
            history: {store: none}
            side_port: {listen: "127.0.0.1:25102"}
            journal: {mode: stderr}
            """)
        #expect(loaded.configuration.auth.secret == Secret(Array("secret".utf8)))
        #expect(loaded.configuration.server.loops == 1)
        #expect(!loaded.configuration.limits.policy.enabled)
        #expect(
            loaded.warnings.map(\.key) == [
                "auth.hmac_secret", "auth.require_exp", "auth.audience", "limits.enabled",
            ])
    }
}
