import BelfryProtocol
import Foundation
import Testing
import Yams

@testable import BelfryAPI

private func read(_ method: APIMethod, _ body: String) throws(JSONError) -> APICommand {
    try APIReader.command(method, Array(body.utf8))
}

@Suite struct APIReaderTests {
    @Test func `data passes byte for byte, without the line breaks between tokens`() throws {
        let data = #"{"z":1,  "a":1.000e2,"u":"\u0041ß","n":null}"#
        guard case .publish(let command) = try read(.publish, "{\"channel\":\"c\",\n\"data\":\(data)\n}")
        else {
            Issue.record("no publish")
            return
        }
        #expect(command.data.map { String(decoding: $0, as: UTF8.self) } == data)
        guard case .publish(let second) = try read(.publish, "{\"data\":[1,\r\n2]}") else { return }
        #expect(second.data.map { String(decoding: $0, as: UTF8.self) } == "[1,2]")
    }

    @Test func `every field of a publication is read`() throws {
        var expected = PublishCommand()
        expected.channel = "c"
        expected.data = Array("1".utf8)
        expected.encodedData = "AA=="
        expected.tags = [Tag("b", "2"), Tag("a", "1")]
        expected.skipsHistory = true
        expected.idempotencyKey = "k"
        expected.usesDelta = true
        expected.version = .max
        expected.versionEpoch = "e"
        let body =
            #"{"channel":"c","data":1,"b64data":"AA==","tags":{"b":"2","a":"1"},"skip_history":true,"idempotency_key":"k","#
            + #""delta":true,"version":18446744073709551615,"version_epoch":"e","unknown":{"x":[]}}"#
        #expect(try read(.publish, body) == .publish(expected))
    }

    @Test func `what is null is absent, and an empty body is an empty object`() throws {
        let nothing = PublishCommand()
        #expect(try read(.publish, "") == .publish(nothing))
        let body =
            #"{"channel":null,"b64data":null,"tags":null,"skip_history":null,"idempotency_key":null,"version":null}"#
        #expect(try read(.publish, body) == .publish(nothing))
        #expect(try read(.info, " {} ") == .info)
    }

    @Test(
        arguments: [
            (APIMethod.publish, "["), (.publish, "[]"), (.publish, "null"), (.publish, "{}{}"),
            (.publish, #"{"channel":5}"#), (.publish, #"{"channel":"a","channel":"b"}"#),
            (.publish, #"{"channel":"a","\u0063hannel":"b"}"#), (.publish, #"{"tags":{"a":1}}"#),
            (.publish, #"{"tags":{"a":"1","a":"2"}}"#), (.publish, #"{"version":-1}"#),
            (.publish, #"{"version":1.5}"#), (.publish, #"{"channel":"\ud800"}"#),
            (.broadcast, #"{"channels":"a"}"#), (.broadcast, #"{"channels":[1]}"#),
            (.history, #"{"limit":2147483648}"#), (.history, #"{"since":[]}"#),
            (.disconnect, #"{"disconnect":{"code":-1}}"#), (.disconnect, #"{"whitelist":{}}"#),
            (.refresh, #"{"expired":"yes"}"#), (.subscribe, #"{"override":{"presence":true}}"#),
            (.batch, #"{"commands":[{}]}"#), (.batch, #"{"commands":[{"batch":{"commands":[]}}]}"#),
            (.batch, #"{"commands":[{"publish":{},"info":{}}]}"#), (.batch, #"{"commands":[{"fly":{}}]}"#),
            (.batch, #"{"commands":[1]}"#), (.info, "5"), (.rpc, "["),
        ])
    func `what is not the method's JSON is unreadable`(method: APIMethod, body: String) {
        #expect(throws: JSONError.self) { try read(method, body) }
    }

    @Test func `lists have limits`() {
        func list(_ count: Int, _ item: String) -> String {
            "[" + Array(repeating: item, count: count).joined(separator: ",") + "]"
        }
        func isReadable(_ method: APIMethod, _ body: String) -> Bool { (try? read(method, body)) != nil }
        #expect(isReadable(.broadcast, #"{"channels":\#(list(10_000, "\"a\""))}"#))
        #expect(!isReadable(.broadcast, #"{"channels":\#(list(10_001, "\"a\""))}"#))
        #expect(isReadable(.batch, #"{"commands":\#(list(1_000, #"{"info":{}}"#))}"#))
        #expect(!isReadable(.batch, #"{"commands":\#(list(1_001, #"{"info":{}}"#))}"#))
        let tags = (0..<65).map { "\"t\($0)\":\"\"" }
        #expect(isReadable(.publish, "{\"tags\":{\(tags.prefix(64).joined(separator: ","))}}"))
        #expect(!isReadable(.publish, "{\"tags\":{\(tags.joined(separator: ","))}}"))
    }

    @Test func `users' commands are read`() throws {
        var selector = UserSelector()
        selector.user = "u"
        selector.client = "c"
        selector.session = "s"
        let who = #""user":"u","client":"c","session":"s""#
        var order = DisconnectOrder()
        order.code = 4_000
        order.reason = "r"
        order.whitelist = ["a", "b"]
        #expect(
            try read(
                .disconnect, #"{\#(who),"whitelist":["a","b"],"disconnect":{"code":4000,"reason":"r"}}"#)
                == .disconnect(selector, order))
        var refresh = RefreshOrder()
        refresh.isExpired = true
        refresh.expireAt = 5
        #expect(
            try read(.refresh, #"{\#(who),"expired":true,"expire_at":5}"#) == .refresh(selector, refresh))
        #expect(
            try read(.unsubscribe, #"{\#(who),"channel":"x"}"#) == .unsubscribe(selector, channel: "x"))
        #expect(
            try read(.connections, #"{\#(who),"expression":"x"}"#)
                == .connections(selector, expression: "x"))
        var subscribe = SubscribeCommand()
        subscribe.selector = selector
        subscribe.channel = "x"
        subscribe.info = Array("1".utf8)
        subscribe.data = Array("{}".utf8)
        subscribe.since = StreamPosition(offset: 7, epoch: "e")
        subscribe.override.forceRecovery = true
        subscribe.override.presence = false
        let body =
            #"{\#(who),"channel":"x","info":1,"data":{},"recover_since":{"offset":7,"epoch":"e"},"#
            + #""override":{"force_recovery":{"value":true},"presence":{"value":false},"join_leave":null}}"#
        #expect(try read(.subscribe, body) == .subscribe(subscribe))
    }
}

/// `ops/openapi.yaml` and the reader know the same methods and fields.
@Suite struct APIDescriptionTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private let document: [String: Any]

    init() throws {
        let text = try String(contentsOf: Self.root.appending(path: "ops/openapi.yaml"), encoding: .utf8)
        document = try #require(try Yams.load(yaml: text) as? [String: Any])
    }

    private func at(_ path: String...) -> [String: Any] {
        path.reduce(document) { $0[$1] as? [String: Any] ?? [:] }
    }

    /// The properties that the description gives a method's request.
    private func described(_ method: APIMethod) -> Set<String> {
        let operation = at("paths", "/api/\(method.rawValue)", "post")
        #expect(operation["operationId"] as? String == method.rawValue)
        let content = (operation["requestBody"] as? [String: Any])?["content"] as? [String: Any]
        let media = content?["application/json"] as? [String: Any]
        let reference = (media?["schema"] as? [String: Any])?["$ref"] as? String ?? ""
        let name = reference.split(separator: "/").last.map(String.init) ?? ""
        return Set(at("components", "schemas", name, "properties").keys)
    }

    /// Every name that stands in quotes in the reader, or is described for some method.
    private func names() throws -> Set<String> {
        var names = APIMethod.allCases.reduce(into: Set<String>()) { $0.formUnion(described($1)) }
        for file in ["APIReader", "APIReader+Publishing", "APIReader+Users", "DenialCommand"] {
            let path = "Sources/BelfryAPI/\(file).swift"
            let text = try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
            for match in text.matches(of: /"([a-z0-9_]+)"/) { names.insert(String(match.1)) }
        }
        return names
    }

    @Test func `the description has every method and no other`() {
        #expect(
            Set(at("paths").keys) == Set(APIMethod.allCases.map { "/api/\($0.rawValue)" }))
    }

    @Test(arguments: APIMethod.allCases)
    func `the description has every field of a method and no other`(method: APIMethod) throws {
        let nothing = try read(method, "{}")
        for name in try names() {
            // Whoever knows a field cannot take all of these for nothing.
            let probes = ["true", "5", "\"x\"", "{}", "[]", "[7]"].map { value in
                try? read(method, "{\"\(name)\":\(value)}")
            }
            let isKnown = probes.contains { $0 != nothing }
            #expect(isKnown == described(method).contains(name), "\(name)")
        }
    }
}
