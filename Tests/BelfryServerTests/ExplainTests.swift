import BelfryAuth
import Foundation
import Testing

@testable import BelfryServer

/// `belfry explain`: the rules are tested with the sessions; here is what it says around them.
@Suite struct ExplainTests {
    static let now: Int64 = 1_800_000_000
    private let configuration: Configuration

    init() throws {
        configuration = try ConfigurationFixture().load(
            ConfigurationFixture.needed + """
                client: {personal_channel: {enabled: true, namespace: me}}
                limits: {user: {publish: {rate: 7/m, burst: 3}}}
                channels:
                  default: {allow_subscribe_for_client: true}
                  namespaces:
                    me: {history_size: 5, history_ttl: 1m, allow_history_for_subscriber: true}
                    chat:
                      allow_subscribe_for_client: true
                      allow_publish_for_subscriber: true
                      allow_user_limited_channels: true
                """
        ).configuration
    }

    private func report(
        _ action: String, _ channel: String, user: String? = "42", token: String? = nil,
        isSubscribed: Bool = false
    ) async throws -> PermissionReport {
        let request = ExplainRequest(
            action: action, channel: channel, user: user, token: token, isSubscribed: isSubscribed,
            wantsJSON: false)
        return try await request.report(configuration, now: Self.now)
    }

    private func claims(_ more: String = "") -> String {
        #"{"sub":"42","aud":"relay","exp":\#(Self.now + 60)\#(more)}"#
    }

    @Test func `a denial names the error, the rules up to the last, what they read, and the limits`()
        async throws
    {
        let report = try await self.report("publish", "chat:lobby")
        #expect(!report.isAllowed)
        #expect(report.error == PermissionReport.Refusal(code: 103, message: "permission denied"))
        #expect(report.namespace == "chat")
        #expect(report.rules.first?.rule == "channel name" && report.rules.last?.rule == "otherwise")
        #expect(
            report.options.contains(
                .init(key: "channels.namespaces.chat.allow_publish_for_subscriber", value: "true")))
        #expect(report.options.contains(.init(key: "client.insecure", value: "false")))
        #expect(
            report.limits.first == PermissionReport.Setting(key: "limits.user.publish", value: "7/m, burst 3")
        )
        #expect(
            report.remarks.last == "once subscribed it is allowed (--subscribed), and subscribing is allowed")
    }

    @Test func `the same question with a subscription is allowed`() async throws {
        let report = try await self.report("publish", "chat:lobby", isSubscribed: true)
        #expect(report.isAllowed && report.error == nil)
        #expect(
            report.rules.last
                == PermissionReport.Rule(
                    rule: "subscriber option", effect: "allows", reason: "allow_publish_for_subscriber is on")
        )
    }

    @Test(arguments: [
        ("subscribe", "a", true), ("subscribe", "nobody:a", false), ("subscribe", "chat:#42", true),
        ("subscribe", "chat:#43", false), ("subscribe", "$a", false), ("history", "me:#42", true),
        ("history", "me:#43", false), ("presence", "a", false), ("subscribe", "", false),
    ])
    func `what is asked is answered as a session would`(action: String, channel: String, isAllowed: Bool)
        async throws
    {
        #expect(try await report(action, channel).isAllowed == isAllowed)
    }

    @Test func `every setting it names is a key of the configuration`() async throws {
        let tables =
            Configuration.keyDescriptions.first { $0.name == "channels.namespaces" }?.recordKeys ?? []
        let keys = Set(
            Configuration.keyDescriptions.map(\.name) + tables.map { "channels.namespaces.chat.\($0)" })
        for action in ExplainRequest.actions {
            for channel in ["a", "chat:a"] {
                let report = try await self.report(action, channel)
                #expect(!report.options.isEmpty && !report.limits.isEmpty)
                for setting in report.options { #expect(keys.contains(setting.key), "\(setting.key)") }
                for limit in report.limits {
                    #expect(keys.contains(limit.key) || keys.contains(limit.key + ".rate"), "\(limit.key)")
                }
            }
        }
    }

    @Test func `claims stand for a token whose signature is good, and are held against the policy`()
        async throws
    {
        let caps = #","caps":[{"channels":["a"],"allow":["pub"]}]"#
        let granted = try await report("publish", "a", user: nil, token: claims(caps))
        #expect(granted.isAllowed && granted.user == "42")
        #expect(granted.rules.last?.rule == "capabilities")
        for (claims, word) in [
            (#"{"sub":"42","exp":\#(Self.now + 60)}"#, "audience"),
            (claims(#","nbf":1900000000"#), "not_yet"),
            (#"{"sub":"42","aud":"relay"}"#, "malformed"),
            (#"{"sub":"42","aud":"relay","exp":1}"#, "expired"),
            ("{", "malformed"),
        ] {
            let refused = try await report("publish", "a", token: claims)
            #expect(
                !refused.isAllowed && refused.remarks[0].contains("refused (\(word))"), "\(refused.remarks)")
        }
    }

    @Test func `a real token is verified with the relay's keys`() async throws {
        let key = Array(repeating: UInt8(ascii: "k"), count: 32)
        let good = try await TokenSigner(secret: key).sign(claims: Array(claims().utf8))
        #expect(
            try await report("subscribe", "a", user: nil, token: good).remarks == [
                "the connection token is good"
            ])
        let forged = try await TokenSigner(secret: key.reversed() + [1]).sign(claims: Array(claims().utf8))
        #expect(try await report("subscribe", "a", token: forged).remarks[0].contains("refused (signature)"))
    }

    @Test func `a subscription token opens its channel to its user`() async throws {
        let token = claims(#","channel":"$chat:a""#)
        #expect(try await report("subscribe", "$chat:a", token: token).isAllowed)
        #expect(try await !report("subscribe", "$chat:b", token: token).isAllowed)
        #expect(try await !report("subscribe", "$chat:a", user: "43", token: token).isAllowed)
    }

    @Test func `channels of the token are subscribed without a rule`() async throws {
        let report = try await self.report(
            "publish", "chat:x", user: nil, token: claims(#","channels":["chat:x"]"#))
        #expect(report.isAllowed)
        #expect(report.remarks.contains { $0.contains("no rule is asked") })
    }

    @Test func `a token of another user is a contradiction`() async {
        await #expect(throws: StartFailure.self) {
            try await report("publish", "a", user: "43", token: claims())
        }
    }

    @Test func `the text holds the answer first, and nothing that moves a terminal`() async throws {
        let report = try await self.report("publish", "chat:\u{1B}[2J", user: "a\u{1B}]0;x\u{7}b")
        #expect(report.text.hasPrefix("publish in chat:"))
        #expect(report.text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0.value != 0x7F })
        #expect(try await self.report("subscribe", "a").text.hasPrefix("subscribe in a by 42: allowed\n"))
        #expect(
            try await self.report("publish", "a").text.hasPrefix(
                "publish in a by 42: denied (103 permission denied)\n"))
    }

    @Test func `the JSON is one line that says the same`() async throws {
        let json = try await report("publish", "chat:lobby").json
        #expect(json.filter { $0 == "\n" }.count == 1 && json.last == "\n")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect(object["isAllowed"] as? Bool == false)
        #expect((object["error"] as? [String: Any])?["code"] as? Int == 103)
        #expect((object["rules"] as? [[String: Any]])?.last?["rule"] as? String == "otherwise")
    }
}
