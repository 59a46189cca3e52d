import BelfryHub
import BelfryProtocol
import BelfrySession
import Testing

/// protocol.md 18.3, without a token for the channel.
@Suite struct ChannelPermissionsTests {
    enum Who: String, CaseIterable { case anonymous = "", user = "42" }

    private func permissions(
        isInsecure: Bool = false, _ change: (inout ChannelOptions) -> Void = { _ in }
    ) -> ChannelPermissions {
        ChannelPermissions(options: ChannelOptions(change), isInsecure: isInsecure)
    }

    @Test("nothing is allowed until a rule allows it", arguments: Who.allCases)
    func closed(who: Who) throws {
        let permissions = permissions()
        for name in ["a", "chat:a", "$a", "#42", "dialog#42,43"] {
            #expect(try !permissions.maySubscribe(to: ChannelName(name), user: who.rawValue))
        }
        #expect(!permissions.mayPublish(user: who.rawValue, isSubscribed: true))
        #expect(!permissions.mayReadPresence(user: who.rawValue, isSubscribed: true))
    }

    /// Channel; allowed for client, anonymous, user-limited; insecure; whether "" may, whether "42" may.
    @Test(
        "who may subscribe",
        arguments: [
            ("a", "c", false, false, true),
            ("a", "ca", false, true, true),
            ("a", "a", false, false, false),
            ("a", "", true, true, true),
            ("$a", "cal", false, false, false),
            ("$a", "cal", true, false, false),  // a private channel needs its token even in insecure mode
            ("$a#42", "cal", false, false, false),
            ("$a#42", "cal", true, false, false),
            ("a#42", "l", false, false, true),
            ("a#41,42", "l", false, false, true),
            ("a#41,42,", "l", false, false, true),
            ("a#", "l", false, false, false),
            ("a#,", "l", false, false, false),
            ("a#421", "l", false, false, false),
            ("a#4", "l", false, false, false),
            ("a# 42", "l", false, false, false),
            ("a#41#42", "l", false, false, false),
            ("a#42", "ca", false, false, false),  // open to clients is not open to all others' channels
            ("a#43", "cal", false, false, false),
            ("a#43", "cal", true, true, true),
        ]) func subscribing(
            channel: String, allowed: String, isInsecure: Bool, anonymous: Bool, user: Bool
        ) throws
    {
        let permissions = permissions(isInsecure: isInsecure) {
            $0.allowSubscribeForClient = allowed.contains("c")
            $0.allowSubscribeForAnonymous = allowed.contains("a")
            $0.allowUserLimitedChannels = allowed.contains("l")
        }
        let name = try ChannelName(channel)
        #expect(permissions.maySubscribe(to: name, user: "") == anonymous)
        #expect(permissions.maySubscribe(to: name, user: "42") == user)
    }

    @Test func `a user that only looks like the listed one may not subscribe`() throws {
        // U+212A KELVIN SIGN is canonically equivalent to K, and another user all the same.
        let permissions = permissions { $0.allowUserLimitedChannels = true }
        #expect(try permissions.maySubscribe(to: ChannelName("a#K"), user: "K"))
        #expect(try !permissions.maySubscribe(to: ChannelName("a#K"), user: "\u{212A}"))
    }

    /// Allowed for client, subscriber, anonymous; insecure; anonymous outside and subscribed, user outside and
    /// subscribed.
    static let uses: [(String, Bool, [Bool])] = [
        ("", false, [false, false, false, false]),
        ("c", false, [false, false, true, true]),
        ("s", false, [false, false, false, true]),
        ("cs", false, [false, false, true, true]),
        ("a", false, [false, false, false, false]),
        ("ca", false, [true, true, true, true]),
        ("sa", false, [false, true, false, true]),
        ("", true, [true, true, true, true]),
    ]

    @Test("who may publish", arguments: uses)
    func publishing(allowed: String, isInsecure: Bool, expected: [Bool]) {
        let permissions = permissions(isInsecure: isInsecure) {
            $0.allowPublishForClient = allowed.contains("c")
            $0.allowPublishForSubscriber = allowed.contains("s")
            $0.allowPublishForAnonymous = allowed.contains("a")
        }
        let found = ["", "42"].flatMap { user in
            [false, true].map { permissions.mayPublish(user: user, isSubscribed: $0) }
        }
        #expect(found == expected)
        #expect(!permissions.mayReadPresence(user: "42", isSubscribed: true) || isInsecure)
    }

    @Test("who may ask who is present", arguments: uses)
    func presence(allowed: String, isInsecure: Bool, expected: [Bool]) {
        let permissions = permissions(isInsecure: isInsecure) {
            $0.allowPresenceForClient = allowed.contains("c")
            $0.allowPresenceForSubscriber = allowed.contains("s")
            $0.allowPresenceForAnonymous = allowed.contains("a")
        }
        let found = ["", "42"].flatMap { user in
            [false, true].map { permissions.mayReadPresence(user: user, isSubscribed: $0) }
        }
        #expect(found == expected)
        #expect(!permissions.mayPublish(user: "42", isSubscribed: true) || isInsecure)
    }
}

extension ChannelPermissions {
    fileprivate func maySubscribe(to channel: ChannelName, user: String) -> Bool {
        allows(PermissionQuestion(.subscribe, user: user), on: channel)
    }

    fileprivate func mayPublish(user: String, isSubscribed: Bool) -> Bool {
        may(.publish, user, isSubscribed)
    }

    fileprivate func mayReadPresence(user: String, isSubscribed: Bool) -> Bool {
        may(.presence, user, isSubscribed)
    }

    private func may(_ action: ChannelAction, _ user: String, _ isSubscribed: Bool) -> Bool {
        guard let channel = try? ChannelName("a") else { return false }
        return allows(PermissionQuestion(action, user: user, isSubscribed: isSubscribed), on: channel)
    }
}
