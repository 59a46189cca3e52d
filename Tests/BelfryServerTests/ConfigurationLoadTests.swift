import BelfryAuth
import BelfryHub
import BelfryLimits
import BelfryReactor
import BelfryServer
import Foundation
import Testing

@Suite struct ConfigurationLoadTests {
    private let fixture: ConfigurationFixture
    private let needed = ConfigurationFixture.needed

    init() throws { fixture = try ConfigurationFixture() }

    @Test func `durations, sizes and rates are read with their units`() throws {
        let configuration = try fixture.load(
            needed + """
                server: {drain: 2m, listen: ["[::1]:0", "10.0.0.1:443"]}
                client: {ping: 5s, pong: 2500ms, max_message: 10KB, max_queue: 1GiB, expired_grace: 0s}
                limits:
                  user: {publish: {rate: 600/m, burst: 5}, subscribe: {rate: off}}
                """
        ).configuration
        #expect(configuration.server.drain == .seconds(120))
        #expect(configuration.server.listen.map(\.description) == ["[::1]:0", "10.0.0.1:443"])
        #expect(configuration.client.pong == .milliseconds(2_500))
        #expect(configuration.client.maxMessage == 10_000)
        #expect(configuration.client.maxQueue == 1 << 30)
        #expect(
            configuration.limits.policy.user.publish == LimitRule(rate: Rate(600, per: .minute), burst: 5))
        #expect(configuration.limits.policy.user.subscribe == nil)
        #expect(
            configuration.limits.policy.user.presence == LimitRule(rate: Rate(10, per: .second), burst: 20))
    }

    @Test func `namespaces have their own options and inherit nothing`() throws {
        let channels = try fixture.load(
            needed + """
                channels:
                  default: {presence: true}
                  namespaces:
                    chat: {allow_publish_for_subscriber: true, publication_data_format: json}
                    news:
                """
        ).configuration.channels
        var chat = ChannelOptions()
        chat.allowPublishForSubscriber = true
        chat.publicationDataFormat = .json
        #expect(channels.namespaces == ["chat": chat, "news": ChannelOptions()])
        #expect(channels.withoutNamespace.presence)
    }

    @Test func `keys and certificates are read from files beside the configuration`() throws {
        let configuration = try fixture.load(
            """
            tls:
              certificates: [{certificate: tls/rsa.pem, private_key: tls/rsa.key}]
            auth:
              hmac_keys: [{kid: "2026", secret_file: auth/hmac.key, valid_until: "2027-01-31T00:00:00Z"}]
              public_keys:
                - {kid: web, alg: EdDSA, file: auth/public.pem}
                - alg: ES256
                  pem: |
                    -----BEGIN PUBLIC KEY-----
                    AAAA
                    -----END PUBLIC KEY-----
            """
        ).configuration
        #expect(
            configuration.tls.pairs.map(\.certificate) == [
                fixture.directory.appending(path: "tls/rsa.pem").path
            ])
        let shared = try #require(configuration.auth.sharedKeys.first)
        #expect(shared.secret?.bytes.count == 32)  // without the newline at the end of the file
        #expect(shared.validUntil == 1_801_353_600)
        #expect(configuration.auth.publicKeys.map(\.algorithm) == [.edDSA, .es256])
        #expect(configuration.auth.publicKeys.map(\.keyID) == ["web", ""])
        #expect(configuration.auth.publicKeys.allSatisfy { $0.pem.hasPrefix("-----BEGIN PUBLIC KEY-----\n") })
    }

    @Test func `a relative secret is looked for among systemd's credentials first`() throws {
        try fixture.write("from systemd\n", to: "credentials/auth/hmac.key")
        let credentials = fixture.directory.appending(path: "credentials").path
        func secret(_ path: String) throws -> String? {
            let text =
                "tls: {certificate: tls/server.pem, private_key: tls/server.key}\nauth: {hmac_secret_file: \(path)}"
            let loaded = try fixture.load(text, environment: ["CREDENTIALS_DIRECTORY": credentials])
            return loaded.configuration.auth.secret.map { String(decoding: $0.bytes, as: UTF8.self) }
        }
        #expect(try secret("auth/hmac.key") == "from systemd")
        #expect(try secret(fixture.directory.appending(path: "auth/hmac.key").path)?.hasPrefix("kkk") == true)
        try FileManager.default.removeItem(at: fixture.directory.appending(path: "credentials"))
        #expect(try secret("auth/hmac.key")?.hasPrefix("kkk") == true)
    }

    @Test func `so are a private key and its certificate`() throws {
        let credentials = fixture.directory.appending(path: "credentials").path
        try fixture.write("from systemd", to: "credentials/server.key")
        try fixture.write("beside the configuration", to: "server.pem")
        let loaded = try fixture.load(
            "tls: {certificate: server.pem, private_key: server.key}\nauth: {hmac_secret_file: auth/hmac.key}",
            environment: ["CREDENTIALS_DIRECTORY": credentials])
        #expect(loaded.configuration.tls.pair.privateKey == credentials + "/server.key")
        #expect(
            loaded.configuration.tls.pair.certificate == fixture.directory.appending(path: "server.pem").path)
    }

    @Test func `a variable wins over the file`() throws {
        let configuration = try fixture.load(
            needed + "server: {loops: 3}\nlimits: {user: {publish: {rate: 1/s}}}",
            environment: [
                "BELFRY_SERVER_LOOPS": "5", "BELFRY_LIMITS_USER_PUBLISH_RATE": "off",
                "BELFRY_CHANNELS_DEFAULT_PRESENCE": "true", "BELFRY_TLS_CERTIFICATE": "tls/rsa.pem",
                "BELFRY_SIDE_PORT_LISTEN": "127.0.0.2:1", "PATH": "/bin", "belfry_x": "",
            ]
        ).configuration
        #expect(configuration.server.loops == 5)
        #expect(configuration.limits.policy.user.publish == nil)
        #expect(configuration.channels.withoutNamespace.presence)
        #expect(configuration.tls.pair.certificate.hasSuffix("/tls/rsa.pem"))
        #expect(configuration.sidePort.listen.description == "127.0.0.2:1")
    }

    @Test(arguments: [
        (
            "BELFRY_TLS_CERTIFICAT", "x",
            "environment:BELFRY_TLS_CERTIFICAT: unknown variable (did you mean \"BELFRY_TLS_CERTIFICATE\"?)"
        ),
        ("BELFRY_", "x", "environment:BELFRY_: unknown variable"),
        (
            "BELFRY_SERVER_LOOPS", "many",
            "environment:BELFRY_SERVER_LOOPS: server.loops: expected a whole number from 0 to 256, found \"many\""
        ),
        (
            "BELFRY_SERVER_LISTEN", "127.0.0.1:1",
            "environment:BELFRY_SERVER_LISTEN: server.listen: a list or a table can be set in the file "
                + "only"
        ),
        (
            "BELFRY_CLIENT_PONG", "30s",
            "environment:BELFRY_CLIENT_PONG: client.pong: must be shorter than client.ping (25s)"
        ),
        (
            "BELFRY_AUTH_HMAC_SECRET", "abc",
            "environment:BELFRY_AUTH_HMAC_SECRET: auth.hmac_secret: auth.hmac_secret_file is set as well; keep one"
        ),
    ])
    func `a wrong variable is refused by its name`(variable: String, value: String, report: String) {
        #expect(fixture.errors(needed, environment: [variable: value]) == [report])
    }

    @Test func `all errors of a file and of the environment are reported in order`() {
        let text = """
            server: {loops: x, lopps: 1}
            tls: {certificate: tls/server.pem, private_key: tls/server.key, min_version: 1}
            auth: {hmac_secret_file: nowhere}
            client:
              ping: 1
              pong: 100s
            """
        let keys = fixture.errors(text, environment: ["BELFRY_SERVER_DRAIN": "x", "BELFRY_NONE": ""]).map {
            $0.split(separator: ": ").dropFirst().first.map(String.init) ?? ""
        }
        #expect(
            keys == [
                "server.loops", "server.lopps", "tls.min_version", "auth.hmac_secret_file", "client.ping",
                "unknown variable", "server.drain",
            ])
    }

    @Test func `after 20 errors the rest is counted`() {
        let text = needed + "server:\n" + (1...33).map { "  unknown\($0): x" }.joined(separator: "\n")
        let lines = fixture.errors(text)
        #expect(lines.count == 21)
        #expect(lines.last == "and 13 more")
    }

    @Test func `no message contains a secret`() {
        let texts = [
            "auth: {hmac_secret: {s3cret: s3cret}}", "auth: [s3cret]", "auth: s3cret",
            "auth: {hmac_secret: \"s3cret",
            "auth: {hmac_secret: s3cret, hmac_secret_file: auth/hmac.key}", "auth: {hmac_secret: @s3cret}",
            "auth: {hmac_secret: s3cret: x}", "auth: {hmac_secret: *s3cret, x: !!int s3cret}",
            "auth: {public_keys: [{pem: s3cret}]}", "auth: {hmac_secret: \"s3cret\\q\"}",
        ]
        for text in texts {
            let report = fixture.errors(text, environment: ["BELFRY_AUTH_HMAC_SECRET": "s3cret"]).joined()
            #expect(!report.isEmpty)
            #expect(report.replacing("hmac_secret.s3cret", with: "").contains("s3cret") == false, "\(report)")
        }
        #expect("\(Secret(Array("s3cret".utf8)))" == "(secret)")
        var dumped = ""
        dump(Secret(Array("s3cret".utf8)), to: &dumped)
        #expect(dumped == "- (secret)\n")
    }

    @Test func `files that are no configuration are refused`() {
        #expect(
            fixture.errors(bytes: Array("a: 1\nb: ".utf8) + [0xFF]) == [
                "belfry.yaml:2:1: not valid YAML: not UTF-8"
            ])
        #expect(
            fixture.errors(bytes: Array(repeating: 0x23, count: (1 << 20) + 1)) == [
                "belfry.yaml:1:1: too large: at most 1 MiB"
            ])
        #expect(
            fixture.errors(bytes: Array(repeating: 0x0A, count: 1 << 20)).first?.contains("tls.certificate")
                == true)
        for path in ["nowhere.yaml", "tls"] {
            let full = fixture.directory.appending(path: path).path
            #expect(throws: ConfigurationErrors.self) { try Configuration.load(path: full, environment: [:]) }
        }
    }

    @Test func `aliases cannot multiply a file`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...30 {
            text +=
                "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", "))]\n"
        }
        #expect(fixture.errors(text).first?.contains("anchors, aliases and tags are not supported") == true)
    }

    @Test func `a file with a byte order mark and Windows line ends is read`() throws {
        let text = "\u{FEFF}" + (needed + "server: {loops: 2}\n").replacing("\n", with: "\r\n")
        #expect(try fixture.load(text).configuration.server.loops == 2)
    }

    @Test(arguments: [
        ("client: {insecure: true}", ["client.insecure"]),
        ("client: {origins: [\"*\"]}", ["client.origins"]),
        ("client: {demo_page: true}", ["client.demo_page"]),
        ("side_port: {listen: \"0.0.0.0:9300\"}", ["side_port.listen"]),
        ("side_port: {listen: \"127.9.9.9:9300\"}", []),
        ("side_port: {listen: \"[::1]:9300\"}", []),
        ("limits: {enabled: false, dry_run: true}", ["limits.enabled"]),
        ("limits: {dry_run: true}", ["limits.dry_run"]),
        ("journal: {plain_subjects: true}", ["journal.plain_subjects"]),
        ("journal: {mode: stderr, on_failure: refuse_new}", ["journal.on_failure"]),
        ("journal: {on_failure: refuse_new}", []),
        ("journal: {canary: 5m}", ["journal.canary"]),
        ("journal: {canary: 5m, mode: stderr}", []),
        ("journal: {canary: 4m}", []),
        (
            "channels: {namespaces: {chat: {force_push_join_leave: true}}}",
            ["channels.namespaces.chat.force_push_join_leave"]
        ),
        (
            "channels: {default: {allow_presence_for_client: true}}",
            ["channels.default.allow_presence_for_client"]
        ),
        (
            "channels: {default: {allow_publish_for_anonymous: true}}",
            ["channels.default.allow_publish_for_anonymous"]
        ),
    ])
    func `a doubtful choice is a warning`(text: String, keys: [String]) throws {
        #expect(try fixture.load(needed + text).warnings.map(\.key) == keys)
    }

    @Test func `without keys anonymous clients may still be wanted`() throws {
        let pair = "tls: {certificate: tls/server.pem, private_key: tls/server.key}\n"
        #expect(try fixture.load(pair + "client: {allow_anonymous: true}").warnings.isEmpty)
        #expect(
            try fixture.load(pair + "client: {insecure: true}").warnings.map(\.key) == ["client.insecure"])
    }

    @Test func `client certificates are required where their authorities are named`() throws {
        let pair = "certificate: tls/server.pem, private_key: tls/server.key"
        let rest = "\nauth: {hmac_secret_file: auth/hmac.key, audience: a}"
        #expect(try fixture.load("tls: {\(pair)}" + rest).configuration.tls.clientCA.isEmpty)
        let named = try fixture.load("tls: {\(pair), client_ca: tls/rsa.pem}" + rest).configuration.tls
        #expect(named.clientCA.hasSuffix("/tls/rsa.pem") && named.clientCertificate == .required)
        let optional = try fixture.load(
            "tls: {\(pair), client_ca: tls/rsa.pem, client_certificate: optional}" + rest)
        #expect(optional.configuration.tls.clientCertificate == .optional && optional.warnings.isEmpty)
        let idle = try fixture.load("tls: {\(pair), client_ca: \"\", client_certificate: optional}" + rest)
        #expect(idle.warnings.map(\.key) == ["tls.client_certificate"])
        let bound = try fixture.load(
            "tls: {\(pair), client_ca: tls/rsa.pem}\nauth: {hmac_secret_file: auth/hmac.key, audience: a, "
                + "require_cnf: true}")
        #expect(bound.warnings.isEmpty && bound.configuration.auth.requireBinding)
    }

    @Test func `a page that gives tokens to everybody is warned about, more so when others can reach it`()
        throws
    {
        let page = needed + "client: {demo_page: true}\n"
        let wide = try #require(try fixture.load(page).warnings.first?.description)
        #expect(
            wide.contains(
                "client.demo_page: anybody who opens the page, from any machine that reaches this one,"))
        let narrow = try fixture.load(page + "server: {listen: [\"127.0.0.1:8443\", \"[::1]:8443\"]}")
        #expect(
            try #require(narrow.warnings.first?.description).contains(
                "anybody who opens the page gets a token"))
    }

    @Test func `a warning says where and why`() throws {
        let text =
            "tls: {certificate: tls/server.pem, private_key: tls/server.key}\nauth: {hmac_secret: secret, audience: a}"
        let description = try #require(try fixture.load(text).warnings.first?.description)
        #expect(
            description.hasSuffix(
                "belfry.yaml:2:21: auth.hmac_secret: a secret of 6 bytes can be guessed; use at least 32 random bytes "
                    + "(RFC 7518, 3.2)"))
    }
}
