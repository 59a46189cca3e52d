import BelfryAPI
import Testing

@testable import BelfryServer

/// The section `api` of the configuration.
@Suite struct APIConfigurationTests {
    private static let prelude =
        "tls: {certificate: tls/server.pem, private_key: tls/server.key}\n"
        + "auth: {hmac_secret_file: auth/hmac.key, audience: a}\n"

    private let fixture: ConfigurationFixture

    init() throws { fixture = try ConfigurationFixture() }

    private func load(_ text: String) throws -> LoadedConfiguration { try fixture.load(Self.prelude + text) }

    private static func key(_ fields: String) -> String { "api: {keys: [{\(fields)}]}" }

    private static let long = String(repeating: "k", count: 32)

    @Test func `keys are read with their scopes and ends, from files too`() throws {
        let configuration = try load(
            """
            api:
              keys:
                - {name: shop, key_file: auth/hmac.key, scopes: [publish, read], expires: "2027-01-31T00:00:00Z"}
                - {name: root, key: \(Self.long)x, scopes: [all]}
            """
        ).configuration
        let keys = configuration.api.knownKeys
        let shop = try keys.find(Array(Self.long.utf8), at: 0)
        #expect(shop.name == "shop" && shop.expiresAt == 1_801_353_600)
        #expect(shop.allows(.publish) && shop.allows(.info) && !shop.allows(.disconnect))
        #expect(try keys.find(Array((Self.long + "x").utf8), at: 0).name == "root")
    }

    @Test(
        arguments: [
            ("key: \(long), scopes: [all]", "api.keys[0]: missing: name, which the audit calls it by"),
            ("name: a, scopes: [all]", "api.keys[0]: missing: either key_file or key"),
            (
                "name: a, key: x, key_file: auth/hmac.key, scopes: [all]",
                "api.keys[0]: missing: either key_file or key"
            ),
            ("name: a, key: \(long)", "api.keys[0]: missing: scopes; all is one"),
            ("name: a, key: \(long), scopes: []", "api.keys[0].scopes: expected a list of 1 to 32 values"),
            (
                "name: a, key: \(long), scopes: [fly]",
                "api.keys[0].scopes[0]: expected one of \"all\", \"read\""
            ),
            ("name: a, key: \(long), scopes: [batch]", "api.keys[0].scopes[0]: expected one of"),
            (
                "name: a, key: \(long), scopes: [read, read]",
                "api.keys[0].scopes[1]: stands in the list twice"
            ),
            ("name: a b, key: \(long), scopes: [all]", "api.keys[0].name: expected 1 to 64 letters"),
            (
                "name: a, key_file: auth/none.key, scopes: [all]",
                "api.keys[0].key_file: auth/none.key: no such file"
            ),
            ("name: a, key: \(long), scopes: [all], expires: soon", "api.keys[0].expires: expected a date"),
            (
                "name: a, key: \(long), scope: [all]",
                "api.keys[0].scope: unknown key (did you mean \"scopes\"?)"
            ),
        ])
    func `a key that cannot be used is refused where it stands`(fields: String, report: String) throws {
        let errors = fixture.errors(Self.prelude + Self.key(fields))
        #expect(
            errors.first?.hasPrefix("belfry.yaml:3:") == true && errors.first?.contains(report) == true,
            "\(errors)")
        #expect(!errors.joined().contains(Self.long))
    }

    @Test(arguments: [
        ("name: a", "key: y\(long)", "another key has the same name"),
        ("name: b", "key: \(long)", "another key is the same"),
    ]) func `two keys differ in name and in themselves`(name: String, key: String, report: String) {
        let text =
            "api:\n  keys:\n    - {name: a, key: \(Self.long), scopes: [all]}\n    - {\(name), \(key), scopes: [all]}"
        #expect(fixture.errors(Self.prelude + text).first?.hasSuffix("api.keys[1]: \(report)") == true)
    }

    @Test(arguments: [
        ("max_body: 1000", "api.max_body: expected a size"),
        ("max_body: 65MiB", "api.max_body: expected a size"),
        ("timeout: 99ms", "api.timeout: expected a duration"),
        ("timeout: 61s", "api.timeout: expected a duration"),
        ("max_pending: 99", "api.max_pending: expected a whole number from 100 to 1000000"),
        ("connections: 0", "api.connections: expected a whole number from 1 to 10000"),
    ]) func `numbers have their ranges`(text: String, report: String) {
        #expect(fixture.errors(Self.prelude + "api: {\(text)}").first?.contains(report) == true)
    }

    @Test func `short keys, and keys that pass the network, are warnings`() throws {
        let short = try load(Self.key("name: a, key: short, scopes: [all]"))
        #expect(short.warnings.map(\.key) == ["api.keys[0]"])
        let open = try load(
            "side_port: {listen: \"0.0.0.0:9300\"}\n" + Self.key("name: a, key: \(Self.long), scopes: [all]"))
        #expect(open.warnings.map(\.key) == ["side_port.listen", "api.keys"])
        #expect(open.warnings.last?.description.contains("unencrypted") == true)
    }
}
