import BelfryAuth
import BelfryHub
import BelfryProtocol
import BelfrySession
import Testing

/// The answer to "why may this user do that, or not?".
@Suite struct PermissionExplanationTests {
    private let directory = ChannelDirectory(
        unnamed: ChannelOptions { $0.allowSubscribeForClient = true },
        namespaces: [
            "chat": ChannelOptions {
                $0.presence = true
                $0.allowPublishForSubscriber = true
                $0.allowUserLimitedChannels = true
            }
        ])

    private func explain(
        _ question: PermissionQuestion, on channel: String, isInsecure: Bool = false
    ) -> PermissionExplanation {
        directory.explain(question, on: channel, isInsecure: isInsecure)
    }

    /// Action, user, channel; the rule that decides, its effect, the code of the error.
    @Test(
        "the rule that decides is the last one named",
        arguments: [
            (.subscribe, "42", "", "channel name", "refuses", nil),
            (.subscribe, "42", "a\n", "channel name", "refuses", 107),
            (.subscribe, "42", "other:a", "namespace", "refuses", 102),
            (.history, "42", "chat:a", "feature", "refuses", 108),
            (.subscribe, "42", "$a", "private channel", "refuses", 103),
            (.subscribe, "42", "chat:#42", "user-limited channel", "allows", nil),
            (.subscribe, "42", "a", "client option", "allows", nil),
            (.subscribe, "", "a", "otherwise", "refuses", 103),
            (.publish, "42", "chat:a", "otherwise", "refuses", 103),
        ] as [(ChannelAction, String, String, String, String, UInt32?)])
    func deciding(
        action: ChannelAction, user: String, channel: String, rule: String, effect: String, code: UInt32?
    ) {
        let explanation = explain(PermissionQuestion(action, user: user), on: channel)
        #expect(explanation.steps.last?.rule == rule)
        #expect(explanation.steps.last?.effect.rawValue == effect)
        #expect(explanation.isAllowed == (effect == "allows"))
        #expect(explanation.error?.code == code)
        #expect(explanation.steps.dropLast().allSatisfy { $0.effect == .silent })
    }

    @Test func `every rule that was asked says what it found`() {
        var question = PermissionQuestion(.publish, user: "42")
        let refused = explain(question, on: "chat:a")
        #expect(
            refused.steps.map { "\($0.rule): \($0.reason)" } == [
                "channel name: it is well formed",
                "namespace: it is chat",
                "feature: the channel offers it",
                "private channel: it concerns only subscribing",
                "subscription token: it concerns only subscribing",
                "capabilities: the connection token has no caps",
                "user-limited channel: it concerns only subscribing",
                "client option: allow_publish_for_client is off",
                "subscriber option: allow_publish_for_subscriber is on, but the user is not subscribed",
                "insecure mode: client.insecure is off",
                "otherwise: no rule allows it",
            ])
        question.isSubscribed = true
        let allowed = explain(question, on: "chat:a")
        #expect(allowed.steps.last?.reason == "allow_publish_for_subscriber is on")
        #expect(allowed.isAllowed)
    }

    @Test func `it never answers otherwise than a session does`() throws {
        let flags: [(inout ChannelOptions, Bool) -> Void] = [
            { $0.allowSubscribeForClient = $1 }, { $0.allowSubscribeForAnonymous = $1 },
            { $0.allowUserLimitedChannels = $1 }, { $0.allowPublishForClient = $1 },
            { $0.allowPublishForSubscriber = $1 }, { $0.allowPublishForAnonymous = $1 },
        ]
        for bits in 0..<(1 << flags.count) {
            let options = ChannelOptions { options in
                for (bit, set) in flags.enumerated() { set(&options, bits & 1 << bit != 0) }
            }
            let directory = ChannelDirectory(unnamed: options, namespaces: [:])
            for channel in ["a", "$a", "#42", "#43"] {
                for action in [ChannelAction.subscribe, .publish] {
                    for (user, isSubscribed, hasToken) in [
                        ("", false, false), ("42", false, false), ("42", true, false), ("42", false, true),
                    ] {
                        let question = PermissionQuestion(
                            action, user: user, isSubscribed: isSubscribed, hasSubscriptionToken: hasToken)
                        for isInsecure in [false, true] {
                            let decides = ChannelPermissions(options: options, isInsecure: isInsecure)
                                .allows(question, on: try ChannelName(channel))
                            let explains = directory.explain(question, on: channel, isInsecure: isInsecure)
                            #expect(explains.isAllowed == decides, "\(bits) \(channel) \(question)")
                        }
                    }
                }
            }
        }
    }
}
