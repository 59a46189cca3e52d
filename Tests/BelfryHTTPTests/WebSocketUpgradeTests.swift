import BelfryHTTP
import Testing

@Suite("The opening handshake (RFC 6455, section 4.2; Centrifuge protocol, 1.2)")
struct WebSocketUpgradeTests {
    private func decide(_ request: RequestText) throws -> UpgradeDecision {
        let origins = try OriginPolicy(["https://app.test"])
        return WebSocketUpgrade.decide(try request.head(), UpgradePolicy(origins: origins))
    }

    private func accepted(_ request: RequestText) throws -> AcceptedUpgrade? {
        guard case .accept(let upgrade) = try decide(request) else { return nil }
        return upgrade
    }

    @Test func `a plain handshake speaks JSON and echoes nothing`() throws {
        let upgrade = try #require(try accepted(.handshake))
        #expect(upgrade.key == RequestText.handshakeKey)
        #expect(upgrade.codec == .json)
        #expect(upgrade.subprotocol == nil)
        #expect(upgrade.bearer == nil)
        #expect(!upgrade.usesNativePing)
    }

    @Test(
        "fields of the handshake",
        arguments: [
            ("Upgrade", "WebSocket", nil), ("Upgrade", "h2c, websocket", nil),
            ("Upgrade", "h2c", .notAnUpgrade),
            ("Upgrade", "websockets", .notAnUpgrade), ("Upgrade", "", .notAnUpgrade),
            ("Upgrade", "websoc\u{212A}et", .notAnUpgrade),
            ("Connection", "keep-alive, Upgrade", nil), ("Connection", "UPGRADE", nil),
            ("Connection", "keep-alive", .connectionField), ("Connection", "upgraded", .connectionField),
            ("Sec-WebSocket-Version", "8", .version), ("Sec-WebSocket-Version", "013", .version),
            ("Sec-WebSocket-Version", "13, 8", .version), ("Sec-WebSocket-Version", "", .version),
            ("Sec-WebSocket-Key", "", .key), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ", .key),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=", .key),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZVg=", .key),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub24=", .key),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZ===", .key),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub2-jZQ==", .key),
            ("Sec-WebSocket-Key", "dGhl=HNhbXBsZSBub25jZQ==", .key),
            ("Sec-WebSocket-Key", "/+hlIHNhbXBsZSBub25jZQ==", nil),
            ("Origin", "https://app.test", nil), ("Origin", "https://evil.test", .origin),
            ("Origin", "null", .origin),
            ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits", nil),
        ] as [(String, String, UpgradeRefusal?)])
    func handshakeFields(name: String, value: String, expected: UpgradeRefusal?) throws {
        let decision = try decide(.handshake.setting(name, value))
        if let expected { #expect(decision == .refuse(expected)) } else { #expect(decision.isAccept) }
    }

    @Test(
        "missing and repeated fields",
        arguments: [
            ("Upgrade", .notAnUpgrade, false), ("Connection", .connectionField, false),
            ("Sec-WebSocket-Version", .version, true), ("Sec-WebSocket-Key", .key, true),
        ] as [(String, UpgradeRefusal, Bool)])
    func presence(name: String, refusal: UpgradeRefusal, isUnique: Bool) throws {
        #expect(try decide(.handshake.removing(name)) == .refuse(refusal))
        let value = RequestText.handshake.fields.first { $0.0 == name }?.1 ?? ""
        let twice = try decide(.handshake.adding(name, value))
        if isUnique { #expect(twice == .refuse(refusal)) } else { #expect(twice.isAccept) }
    }

    @Test func `a browser's tab opened on the endpoint is asked to upgrade`() throws {
        let request = RequestText(fields: [("Host", "relay.test")])
        #expect(try decide(request) == .refuse(.notAnUpgrade))
        #expect(UpgradeRefusal.notAnUpgrade.status == .upgradeRequired)
    }

    // MARK: subprotocols and codecs

    struct Choice: CustomTestStringConvertible {
        let offers: String?
        let query: String
        let expected: (codec: Subprotocol, echo: Subprotocol?)

        init(_ offers: String?, _ query: String, _ expected: (Subprotocol, Subprotocol?)) {
            self.offers = offers
            self.query = query
            self.expected = (codec: expected.0, echo: expected.1)
        }

        var testDescription: String { "\(offers ?? "none") ?\(query)" }
    }

    static let choices: [Choice] = [
        Choice(nil, "", (.json, nil)),
        Choice("", "", (.json, nil)),
        Choice(" , ,", "", (.json, nil)),
        Choice("centrifuge-json", "", (.json, .json)),
        Choice("chat, superchat", "", (.json, nil)),
        Choice("chat, centrifuge-json", "", (.json, .json)),
        Choice("Centrifuge-JSON", "", (.json, nil)),
        Choice("centrifuge-protobuf", "", (.protobuf, .protobuf)),
        Choice("centrifuge-protobuf, centrifuge-json", "", (.protobuf, .protobuf)),
        Choice("centrifuge-json, centrifuge-protobuf", "", (.json, .json)),
        Choice(nil, "format=protobuf", (.protobuf, nil)),
        Choice(nil, "cf_protocol=protobuf", (.protobuf, nil)),
        Choice("centrifuge-json", "cf_protocol=protobuf", (.protobuf, .json)),
        Choice(nil, "format=json", (.json, nil)),
        Choice(nil, "format=Protobuf", (.json, nil)),
        Choice(nil, "cf_protocol_version=v2", (.json, nil)),
    ]

    @Test("codec and echo", arguments: choices)
    func codec(choice: Choice) throws {
        var request = RequestText.handshake.target("/connection/websocket?" + choice.query)
        if let offers = choice.offers { request = request.adding("Sec-WebSocket-Protocol", offers) }
        let upgrade = try #require(try accepted(request))
        #expect(upgrade.codec == choice.expected.codec)
        #expect(upgrade.subprotocol == choice.expected.echo)
    }

    @Test func `offers on several lines are one list`() throws {
        let request = RequestText.handshake.adding("Sec-WebSocket-Protocol", "chat")
            .adding("sec-websocket-protocol", "centrifuge-json")
        #expect(try accepted(request)?.subprotocol == .json)
    }

    @Test(
        "native pings are asked for by the exact value",
        arguments: [("true", true), ("1", false), ("", false)])
    func nativePing(value: String, isNative: Bool) throws {
        let request = RequestText.handshake.target("/connection/websocket?cf_ws_frame_ping_pong=\(value)")
        #expect(try accepted(request)?.usesNativePing == isNative)
    }

    // MARK: tokens

    @Test(
        "tokens in the URL are refused, whatever else is said",
        arguments: [
            "token=x", "access_token=x", "jwt=x", "a=b&token=", "TOKEN=x", "%74oken=x", "token",
            "Access_Token=x",
        ])
    func queryTokens(query: String) throws {
        let request = RequestText.handshake.target("/connection/websocket?" + query)
        #expect(try decide(request) == .refuse(.queryToken))
    }

    @Test(
        "other parameters are left alone", arguments: ["t=x", "tokens=x", "x=token", "my_token=x", "x=jwt"])
    func otherParameters(query: String) throws {
        #expect(try decide(.handshake.target("/connection/websocket?" + query)).isAccept)
    }

    struct Credentials: CustomTestStringConvertible {
        let fields: [(String, String)]
        let expected: String?
        let isRefused: Bool

        init(_ fields: [(String, String)], _ expected: String?, refused: Bool = false) {
            (self.fields, self.expected, isRefused) = (fields, expected, refused)
        }

        var testDescription: String { fields.map { "\($0): \($1)" }.joined(separator: " | ") }
    }

    static let credentials: [Credentials] = [
        Credentials([("Authorization", "Bearer a.b-_.c")], "a.b-_.c"),
        Credentials([("Authorization", "bEARER   a.b.c")], "a.b.c"),
        Credentials([("Authorization", "Bearer abc==")], "abc=="),
        Credentials([("Authorization", "Bearer")], nil, refused: true),
        Credentials([("Authorization", "Bearer a b")], nil, refused: true),
        Credentials([("Authorization", "Bearer a,b")], nil, refused: true),
        Credentials([("Authorization", "Bearer =")], nil, refused: true),
        Credentials([("Authorization", "Bearer ä")], nil, refused: true),
        Credentials([("Authorization", "Basic eDp5")], nil),
        Credentials([("Authorization", "")], nil),
        Credentials([("Sec-WebSocket-Protocol", "centrifuge-json, bearer.a.b.c")], "a.b.c"),
        Credentials([("Sec-WebSocket-Protocol", "bearer.a.b.c")], "a.b.c"),
        Credentials([("Sec-WebSocket-Protocol", "bearer.")], nil, refused: true),
        Credentials([("Sec-WebSocket-Protocol", "bearer.a$b")], nil, refused: true),
        Credentials([("Sec-WebSocket-Protocol", "bearer.a, bearer.b")], nil, refused: true),
        Credentials([("Sec-WebSocket-Protocol", "bearer.a, bearer.a")], "a"),
        Credentials([("Authorization", "Bearer a"), ("Sec-WebSocket-Protocol", "bearer.a")], "a"),
        Credentials(
            [("Authorization", "Bearer a"), ("Sec-WebSocket-Protocol", "bearer.b")], nil, refused: true),
        Credentials([("Authorization", "Bearer a"), ("Authorization", "Bearer b")], nil, refused: true),
        Credentials([("Authorization", "Basic eDp5"), ("Authorization", "Bearer b")], "b"),
    ]

    @Test("bearer tokens", arguments: credentials)
    func bearer(row: Credentials) throws {
        let request = row.fields.reduce(RequestText.handshake) { $0.adding($1.0, $1.1) }
        if row.isRefused {
            #expect(try decide(request) == .refuse(.credentials))
        } else {
            #expect(try #require(try accepted(request)).bearer?.text == row.expected)
        }
    }

    @Test func `a bearer entry is never echoed, and prints as nothing`() throws {
        let request = RequestText.handshake.adding("Sec-WebSocket-Protocol", "bearer.SECRET, centrifuge-json")
        let upgrade = try #require(try accepted(request))
        let answer = HTTPResponse.switchingProtocols(upgrade) { _ in [UInt8](repeating: 0, count: 20) }
        #expect(!String(decoding: answer.encoded(), as: UTF8.self).contains("SECRET"))
        #expect(!"\(upgrade) \(String(reflecting: upgrade))".contains("SECRET"))
        var dumped = ""
        dump(upgrade, to: &dumped)
        #expect(!dumped.contains("SECRET"))
    }

    @Test func `a foreign page learns nothing about its token`() throws {
        let request = RequestText.handshake.target("/connection/websocket?token=x").adding(
            "Origin", "https://evil.test")
        #expect(try decide(request) == .refuse(.origin))
    }

    @Test func `results are a closed set of seven`() {
        #expect(UpgradeResult.allCases.count == 7)
        let used = Set(UpgradeRefusal.allCases.map(\.result))
        #expect(used == Set(UpgradeResult.allCases).subtracting([.accepted, .unavailable]))
    }
}

extension UpgradeDecision {
    fileprivate var isAccept: Bool { if case .accept = self { true } else { false } }
}
