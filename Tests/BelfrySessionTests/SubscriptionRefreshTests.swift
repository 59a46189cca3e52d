import BelfrySession
import Testing

/// protocol.md 12.2.
@Suite struct SubscriptionRefreshTests {
    private static func token(_ channel: String, user: String = "42", _ claims: String = "") -> String {
        Issuer.token(user: user, channel: channel, claims)
    }
    private static let later = #""exp":\#(Node.start + 600)"#

    private func refresh(_ channel: String, _ token: String, _ more: String = "") -> String {
        #"{"id":3,"sub_refresh":{"channel":"\#(channel)","token":"\#(token)"\#(more)}}"#
    }

    /// A client with a private subscription that ends in a minute.
    private func client(_ node: Node) -> Conversation {
        let client = node.connected("c1", user: "42")
        let token = Self.token("$chat:s", #""exp":\#(Node.start + 60)"#)
        client.says(#"{"id":2,"subscribe":{"channel":"$chat:s","token":"\#(token)"}}"#)
        return client
    }

    private static let refreshed = #"{"id":3,"sub_refresh":{"expires":true,"ttl":600}}"#

    @Test(
        "a sub_refresh ends as the table says",
        arguments: [
            ("", "", "close 3501"),
            ("$chat:s", "", "107"),
            ("chat:other", "", "107"),
            ("chat:other", token("chat:other", later), "103"),
            ("chat:other", "garbage", "103"),
            ("$chat:s", "garbage", "close 3500"),
            ("$chat:s", Issuer.token(user: "42"), "close 3500"),
            ("$chat:s", token("chat:other", later), "close 3500"),
            ("$chat:s", token("$chat:s", user: "43", later), "close 3500"),
            ("$chat:s", token("$chat:s", #""client":"c2""#), "close 3500"),
            ("$chat:s", token("$chat:s", #""exp":\#(Node.start)"#), "109"),
            ("$chat:s", token("$chat:s", #""nbf":\#(Node.start + 1)"#), "109"),
            ("$chat:s", token("$chat:s", later + #","expire_at":\#(Node.start)"#), "110"),
            ("$chat:s", token("$chat:s", later), refreshed),
            ("$chat:s", token("$chat:s"), #"{"id":3,"sub_refresh":{}}"#),
            // centrifuge-python up to 0.5 leaves the channel out: the token's counts.
            ("", token("$chat:s", later), refreshed),
            ("", token("chat:other", later), "103"),
            ("", token("$chat:s", user: "43", later), "close 3500"),
            ("", token("$chat:s", #""exp":\#(Node.start)"#), "109"),
            ("", "garbage", "close 3500"),
        ]) func answered(channel: String, token: String, expected: String) async throws
    {
        let client = client(try await Node())
        let heard = client.says(refresh(channel, token))
        #expect(expected.hasPrefix("{") ? heard == [expected] : outcome(heard) == expected)
    }

    @Test func `tracking of shared polls is not available`() async throws {
        let client = client(try await Node())
        #expect(client.says(refresh("$chat:s", Self.token("$chat:s"), #","type":1"#)) == [error(108, id: 3)])
    }

    @Test("a refresh moves the end of the subscription", arguments: ["$chat:s", ""])
    func moved(channel: String) async throws {
        let node = try await Node()
        let client = client(node)
        client.says(refresh(channel, Self.token("$chat:s", Self.later)))
        node.seconds = 60 + 25
        #expect(client.expires() == [])
        node.seconds = 600 + 25
        #expect(client.expires().count == 1)
    }

    @Test func `an expired token leaves the subscription to its old end`() async throws {
        let node = try await Node()
        let client = client(node)
        client.says(refresh("$chat:s", Self.token("$chat:s", #""exp":1"#)))
        #expect(client.session.isSubscribed(to: "$chat:s"))
        node.seconds = 60 + 25
        #expect(client.expires().count == 1)
    }

    @Test func `a refresh whose subscription ends meanwhile is answered 103`() async throws {
        let node = try await Node()
        let client = client(node)
        node.holdsTokens = true
        client.says(refresh("$chat:s", Self.token("$chat:s", Self.later)))
        node.seconds = 60 + 25
        client.expires()
        client.forget()
        node.judge()
        #expect(client.heard == [error(103, id: 3)])
    }

    @Test func `in insecure mode a refresh makes nothing expire`() async throws {
        let client = client(try await Node { $0.isInsecure = true })
        #expect(
            client.says(refresh("$chat:s", Self.token("$chat:s", Self.later)))
                == [#"{"id":3,"sub_refresh":{}}"#])
        #expect(client.session.nextExpiry == nil)
    }
}
