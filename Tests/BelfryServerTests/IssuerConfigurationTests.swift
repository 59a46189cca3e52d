import BelfryAuth
import BelfryServer
import Foundation
import Testing

/// `auth.jwks` and `auth.issuers`.
@Suite struct IssuerConfigurationTests {
    private let fixture: ConfigurationFixture

    init() throws {
        fixture = try ConfigurationFixture()
        try fixture.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", to: "ca.pem")
    }

    private static let pair = "tls: {certificate: tls/server.pem, private_key: tls/server.key}\n"

    private func load(_ auth: String) throws -> LoadedConfiguration { try fixture.load(Self.pair + auth) }

    @Test func `an address of keys is a URL, or a section with one`() throws {
        let loaded = try load(
            """
            auth:
              issuer: me
              audience: chat
              jwks:
                - https://login.example.com/jwks?tenant=7
                - {url: "https://[2001:db8::1]:8443/jwks", ca: ca.pem}
              jwks_refresh: 1h
            """)
        let addresses = loaded.configuration.auth.keyAddresses
        #expect(
            addresses.map(\.url) == [
                "https://login.example.com/jwks?tenant=7", "https://[2001:db8::1]:8443/jwks",
            ])
        #expect(addresses[0].name == "https://login.example.com/jwks")
        #expect(
            addresses.map(\.authorities) == ["", fixture.directory.appending(path: "ca.pem").path])
        #expect(loaded.configuration.auth.keyRefresh == .seconds(3_600))
        #expect(loaded.warnings.isEmpty)
        #expect(try load("auth: {jwks: []}\nclient: {allow_anonymous: true}").warnings.isEmpty)
    }

    @Test func `each issuer has keys of its own`() throws {
        let loaded = try load(
            """
            auth:
              audience: chat
              issuers:
                - {issuer: a, audience: other, user_id_claim: email, jwks: ["https://a.example/jwks"]}
                - issuer: b
                  public_keys: [{alg: EdDSA, file: auth/public.pem}]
                - {issuer: c, hmac_secret_file: auth/hmac.key}
            """)
        let issuers = loaded.configuration.auth.issuers
        #expect(issuers.map(\.name) == ["a", "b", "c"])
        #expect(issuers.map(\.audience) == ["other", "", ""])
        #expect(issuers.map(\.userIDClaim) == ["email", "", ""])
        #expect(issuers.map(\.keyAddresses.count) == [1, 0, 0])
        #expect(issuers.map(\.publicKeys.count) == [0, 1, 0])
        #expect(issuers[2].secret?.bytes.count == 32)
        #expect(loaded.warnings.isEmpty)
    }

    @Test func `a previous secret may have an end`() throws {
        let auth = try load(
            """
            auth:
              hmac_secret_file: auth/hmac.key
              hmac_previous_secret_file: auth/hmac.key
              hmac_previous_valid_until: "2027-01-31T00:00:00Z"
            """
        ).configuration.auth
        #expect(auth.previousSecret == auth.secret)
        #expect(auth.previousValidUntil == 1_801_353_600)
    }

    @Test func `what works but deserves a word is said`() throws {
        func warnings(_ auth: String) throws -> [String] {
            try load(auth).warnings.map { "\($0.key): \($0.reason)" }
        }
        #expect(
            try warnings("auth: {audience: chat, jwks: [\"http://127.0.0.1:9000/jwks\"]}") == [
                "auth.issuer: providers sign for many with the same keys; whoever they sign for is accepted",
                "auth.jwks[0]: keys are fetched without TLS: who can listen on that port can make tokens",
            ])
        #expect(
            try warnings("auth: {issuers: [{issuer: a, jwks: [\"http://localhost/jwks\"]}]}") == [
                "auth.audience: tokens made for other services are accepted",
                "auth.issuers[0].jwks[0]: keys are fetched without TLS: who can listen on that port can make "
                    + "tokens",
            ])
        #expect(
            try warnings("auth: {issuers: [{issuer: a, audience: b, jwks: [\"https://a/\"]}]}").isEmpty)
    }

    private static let urlText =
        "expected an https:// URL, or an http:// one of this machine's loopback, without user or fragment, found "

    @Test(arguments: [
        "http://login.example.com/jwks", "http://10.0.0.1/jwks", "http://128.0.0.1/", "http://[::2]/",
        "http://127.0.0.1.example.com/", "http://localhost.example.com/", "ftp://localhost/",
        "file:///etc/passwd",
        "https://user@login.example.com/", "https://user:pw@login.example.com/", "https:///jwks", "https://",
        "login.example.com", "https://a/#b", "https://a:0/", "https://a:65536/", "",
    ])
    func `what is fetched is https, or this very machine`(url: String) {
        #expect(
            fixture.errors(Self.pair + "auth: {issuer: a, jwks: [\"\(url)\"]}") == [
                "belfry.yaml:2:26: auth.jwks[0].url: \(Self.urlText)\"\(url)\""
            ])
    }

    @Test func `a blank or foreign letter makes no address`() {
        for url in ["https://a b/", "https://\u{E4}.example/"] {
            #expect(
                fixture.errors(Self.pair + "auth: {jwks: [\"\(url)\"]}").first?.contains(Self.urlText) == true
            )
        }
    }

    @Test(arguments: [
        ("jwks: https://a/", "14: auth.jwks: expected a list of 0 to 4 values, found a single value"),
        ("jwks: [{ca: ca.pem}]", "15: auth.jwks[0]: missing: url"),
        (
            "jwks: [{url: \"https://a/\", ca: auth/none.pem}]",
            "39: auth.jwks[0].ca: auth/none.pem: no such file"
        ),
        (
            "jwks: [{url: \"https://a/\", ca: auth/public.pem}]",
            "39: auth.jwks[0].ca: expected certificates in PEM, found no -----BEGIN CERTIFICATE----- line"
        ),
        (
            "jwks: [{url: \"http://localhost/\", ca: ca.pem}]",
            "15: auth.jwks[0]: ca is for https only"
        ),
        ("jwks: [\"https://a/\", \"https://a/\"]", "29: auth.jwks[1]: stands in the list twice"),
        (
            "jwks: [\"https://a/\"], jwks_refresh: 29s",
            "44: auth.jwks_refresh: expected a duration with unit (ms, s, m, h, d) from 30s to 1d, found \"29s\""
        ),
        ("issuers: [{jwks: [\"https://a/\"]}]", "18: auth.issuers[0]: missing: issuer"),
        (
            "issuers: [{issuer: a}]",
            "18: auth.issuers[0]: missing: a key: jwks, public_keys or hmac_secret_file"
        ),
        (
            "issuers: [{issuer: a, hmac_secret_file: auth/hmac.key}, "
                + "{issuer: a, hmac_secret_file: auth/hmac.key}]",
            "64: auth.issuers[1]: another entry has the same issuer"
        ),
        (
            "issuers: [{issuer: a, hmac_secret_file: auth/hmac.key}], hmac_secret: x",
            "7: auth.issuer: missing: a name; without one the keys beside auth.issuers could sign for the issuers "
                + "there"
        ),
        (
            "issuer: a, hmac_secret: x, issuers: [{issuer: a, hmac_secret_file: auth/hmac.key}]",
            "44: auth.issuers: auth.issuer is the name of one of them; give each its own"
        ),
        (
            "issuers: [{issuer: a, public_keys: [{alg: ES256}]}]",
            "44: auth.issuers[0].public_keys[0]: missing: either file or pem"
        ),
    ])
    func `what contradicts itself is refused at its place`(auth: String, report: String) {
        #expect(fixture.errors(Self.pair + "auth: {\(auth)}").first == "belfry.yaml:2:\(report)")
    }
}
