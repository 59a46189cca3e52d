import BelfryHTTP
import Testing

@Suite("Origins (RFC 6454): whole comparison, no suffixes")
struct OriginPolicyTests {
    struct Row: CustomTestStringConvertible {
        let list: [String]
        let origin: String
        let isAllowed: Bool

        init(_ list: [String], _ origin: String, _ isAllowed: Bool) {
            (self.list, self.origin, self.isAllowed) = (list, origin, isAllowed)
        }

        var testDescription: String { "\(list) \(origin)" }
    }

    static let app = ["https://app.test", "http://localhost:3000"]
    static let wild = ["https://*.example.com", "http://*.dev.test:8080"]

    static let rows: [Row] = [
        Row(app, "https://app.test", true),
        Row(app, "https://app.test:443", true),
        Row(app, "HTTPS://APP.TEST", true),
        Row(app, "http://localhost:3000", true),
        Row(app, "http://app.test", false),
        Row(app, "https://app.test:8443", false),
        Row(app, "https://app.test:80", false),
        Row(app, "http://localhost", false),
        Row(app, "http://localhost:3001", false),
        Row(app, "https://sub.app.test", false),
        Row(app, "https://evilapp.test", false),
        Row(app, "https://app.test.evil.example", false),
        Row(app, "https://app.test.", false),
        Row(app, "https://app.test/", false),
        Row(app, "https://app.test/path", false),
        Row(app, "https://app.test@evil.example", false),
        Row(app, "https://evil.example@app.test", false),
        Row(app, "https://app.test https://evil.example", false),
        Row(app, "https://app.test,https://evil.example", false),
        Row(app, "https:app.test", false),
        Row(app, "//app.test", false),
        Row(app, "app.test", false),
        Row(app, "https://", false),
        Row(app, "", false),
        Row(app, "null", false),
        Row(app, "NULL", false),
        Row(app, "wss://app.test", false),
        Row(app, "https://app.test:", false),
        Row(app, "https://app.test:443443", false),
        Row(app, "https://app.test:0443", true),
        Row(app, "https://app%2Etest", false),
        Row(app, "https://app.te\u{17F}t", false),
        Row(wild, "https://a.example.com", true),
        Row(wild, "https://A.EXAMPLE.com:443", true),
        Row(wild, "https://a.b.example.com", true),
        Row(wild, "https://example.com", false),
        Row(wild, "https://aexample.com", false),
        Row(wild, "https://.example.com", false),
        Row(wild, "https://a..example.com", false),
        Row(wild, "https://a.example.com.", false),
        Row(wild, "https://a.example.com.evil.test", false),
        Row(wild, "http://a.example.com", false),
        Row(wild, "https://a.example.com:8443", false),
        Row(wild, "http://x.dev.test:8080", true),
        Row(wild, "http://x.dev.test", false),
        Row(["*"], "https://anything.example", true),
        Row(["*"], "file://", true),
        Row(["*"], "null", false),
        Row(["*"], "", false),
        Row(["https://[::1]:8443"], "https://[::1]:8443", true),
        Row(["https://[::1]"], "https://[::1]:443", true),
        Row(["https://[::1]"], "https://[::2]", false),
        Row(["capacitor://localhost"], "capacitor://localhost", true),
        Row(["capacitor://localhost"], "ionic://localhost", false),
        Row([], "https://relay.test", true),
        Row([], "https://relay.test:443", true),
        Row([], "https://RELAY.test", true),
        Row([], "http://relay.test", false),
        Row([], "https://relay.test:8443", false),
        Row([], "https://sub.relay.test", false),
        Row([], "https://other.test", false),
        Row([], "null", false),
    ]

    @Test("the table", arguments: rows)
    func table(row: Row) throws {
        let policy = try OriginPolicy(row.list)
        #expect(policy.allows(try RequestText.handshake.adding("Origin", row.origin).head()) == row.isAllowed)
    }

    @Test func `an empty list follows the port of the Host field`() throws {
        let policy = try OriginPolicy([])
        let request = RequestText.handshake.setting("Host", "relay.test:8443")
        #expect(policy.allows(try request.adding("Origin", "https://relay.test:8443").head()))
        #expect(!policy.allows(try request.adding("Origin", "https://relay.test").head()))
    }

    @Test func `a missing Origin has its own switch`() throws {
        let head = try RequestText.handshake.head()
        #expect(try OriginPolicy(Self.app).allows(head))
        #expect(try !OriginPolicy(Self.app, allowsMissing: false).allows(head))
        #expect(try !OriginPolicy(["*"], allowsMissing: false).allows(head))
    }

    @Test func `a relay with a page of its own lets it connect beside the list`() throws {
        let own = try RequestText.handshake.adding("Origin", "https://relay.test").head()
        let app = try RequestText.handshake.adding("Origin", "https://app.test").head()
        let other = try RequestText.handshake.adding("Origin", "http://relay.test").head()
        let policy = try OriginPolicy(Self.app, allowsOwn: true)
        #expect(policy.allows(own) && policy.allows(app) && !policy.allows(other))
        #expect(try !OriginPolicy(Self.app).allows(own))
    }

    @Test func `what only the own page may ask takes its Origin and nothing else`() throws {
        let bare = RequestText.handshake
        #expect(try OriginPolicy.own.allows(bare.adding("Origin", "https://relay.test").head()))
        #expect(try OriginPolicy.own.allows(bare.adding("Origin", "https://RELAY.test:443").head()))
        #expect(try !OriginPolicy.own.allows(bare.head()))
        for origin in ["https://app.test", "http://relay.test", "https://relay.test:8443", "null", ""] {
            #expect(try !OriginPolicy.own.allows(bare.adding("Origin", origin).head()), "\(origin)")
        }
    }

    @Test func `two Origin fields never pass`() throws {
        let request = RequestText.handshake.adding("Origin", "https://app.test")
        #expect(try !OriginPolicy(Self.app).allows(request.adding("Origin", "https://app.test").head()))
        #expect(try !OriginPolicy(["*"]).allows(request.adding("Origin", "https://app.test").head()))
    }

    @Test(
        "entries that are no origins are refused at start",
        arguments: [
            "", "app.test", "*.app.test", "https://", "https://*", "https://*app.test", "https://a.*.test",
            "https://*.*.test", "*://app.test", "https://app.test/", "https://app.test/x",
            "https://app.test:x",
            "https://app.test:*", "null", "https://u@app.test", "https://*.", "1http://app.test",
        ])
    func invalidEntries(entry: String) {
        let error = #expect(throws: OriginPolicy.InvalidEntry.self) {
            try OriginPolicy(["https://ok.test", entry])
        }
        #expect(error?.entry == entry)
    }
}
