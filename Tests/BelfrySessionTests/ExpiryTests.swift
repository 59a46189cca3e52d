import BelfryHub
import BelfrySession
import Testing

/// protocol.md 12: what happens to those who do not refresh.
@Suite struct ExpiryTests {
    private func exp(_ seconds: Int64) -> String { #""exp":\#(Node.start + seconds)"# }
    private func subscribe(_ channel: String, _ claims: String) -> String {
        let token = Issuer.token(user: "42", channel: channel, claims)
        return #"{"id":2,"subscribe":{"channel":"\#(channel)","token":"\#(token)"}}"#
    }
    private func expired(_ channel: String) -> String {
        #"{"push":{"channel":"\#(channel)","unsubscribe":{"code":2501,"reason":"subscription expired"}}}"#
    }

    @Test("a connection that is not refreshed closes with 3005 when the grace is over", arguments: [0, 25])
    func connection(grace: Int64) async throws {
        let node = try await Node { $0.graceSeconds = grace }
        let client = node.connected("c1", user: "42", exp(60))
        #expect(client.session.nextExpiry == Node.start + 60 + grace)
        node.seconds = 59 + grace
        #expect(client.expires() == [])
        node.seconds = 60 + grace
        #expect(client.expires() == [close(3005)])
        #expect(client.notes == ["expired 60"])
    }

    @Test("a subscription that is not refreshed is ended with a push of 2501", arguments: [0, 25])
    func subscription(grace: Int64) async throws {
        let node = try await Node { $0.graceSeconds = grace }
        let client = node.connected("c1", user: "42")
        client.says(subscribe("chat:a", exp(60)))
        client.says(subscribe("chat:b", ""))
        #expect(client.session.nextExpiry == Node.start + 60 + grace)
        node.seconds = 59 + grace
        #expect(client.expires() == [])
        node.seconds = 60 + grace
        #expect(client.expires() == [expired("chat:a")])
        #expect(
            client.did == [
                "leave chat:a", "ask unsubscribe chat:a", "send " + expired("chat:a"),
            ])
        #expect(client.session.channels == ["chat:b"])
        #expect(client.session.nextExpiry == nil)
        #expect(client.expires() == [])
        #expect(client.says(subscribe("chat:a", exp(600))).first?.contains(#""ttl":"#) == true)
    }

    @Test func `the earliest end counts`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42", exp(100))
        client.says(subscribe("chat:a", exp(60)))
        client.says(subscribe("chat:b", exp(50)))
        #expect(client.session.nextExpiry == Node.start + 75)
        client.says(#"{"id":3,"unsubscribe":{"channel":"chat:b"}}"#)
        #expect(client.session.nextExpiry == Node.start + 85)
        node.seconds = 200
        #expect(client.expires() == [close(3005)])
        #expect(node.channelCount == 0)
    }

    @Test func `a subscription in flight ends after it has been answered`() async throws {
        let node = try await Node { $0.graceSeconds = 0 }
        let client = node.connected("c1", user: "42")
        node.holdsMail = true
        client.says(subscribe("chat:a", exp(60)))
        node.seconds = 60
        #expect(client.session.nextExpiry == nil)
        #expect(client.expires() == [])
        node.deliver()
        #expect(client.heard == [#"{"id":2,"subscribe":{"expires":true,"ttl":1}}"#])
        #expect(client.session.nextExpiry == Node.start + 60)
        #expect(client.expires() == [expired("chat:a")])
    }

    @Test func `an expired member gets no leave of its own and is present no more`() async throws {
        let node = try await Node { $0.namespaces["chat"]?.forcePushJoinLeave = true }
        let (client, other) = (node.connected("c1", user: "42"), node.connected("c2", user: "43"))
        other.says(#"{"id":2,"subscribe":{"channel":"chat:a"}}"#)
        client.says(subscribe("chat:a", exp(60)))
        other.forget()
        node.seconds = 85
        #expect(client.expires() == [expired("chat:a")])
        #expect(other.heard.count == 1)
        #expect(
            other.says(#"{"id":3,"presence_stats":{"channel":"chat:a"}}"#)
                == [#"{"id":3,"presence_stats":{"num_clients":1,"num_users":1}}"#])
    }

    @Test func `an end is capped at a year`() async throws {
        let client = try await Node().connected("c1", user: "42", #""exp":9007199254740992"#)
        #expect(client.session.nextExpiry == Node.start + 365 * 86_400 + 25)
    }
}
