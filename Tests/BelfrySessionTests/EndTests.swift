import BelfryHub
import BelfryLimits
import BelfryProtocol
import BelfrySession
import Testing

/// The end of a session: whatever it held is given back, once.
@Suite struct EndTests {
    private func subscribe(_ channels: String...) -> String {
        channels.map { #"{"id":2,"subscribe":{"channel":"\#($0)"}}"# }.joined(separator: "\n")
    }

    @Test func `everything is given back exactly once`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        client.says(subscribe("chat:a", "chat:b"))
        #expect((node.channelCount, node.membershipCount, node.users.keyCount) == (2, 2, 1))
        client.leaves()
        #expect(
            client.did.sorted() == [
                "ask unsubscribe chat:a", "ask unsubscribe chat:b", "leave chat:a", "leave chat:b",
            ])
        #expect((node.channelCount, node.membershipCount, node.users.keyCount) == (0, 0, 0))
        client.leaves()
        #expect(client.did == [])
    }

    @Test func `a second end does not take a place from another connection of the user`() async throws {
        let node = try await Node()
        let (first, second) = (node.connected("c1", user: "42"), node.connected("c2", user: "42"))
        first.leaves()
        first.leaves()
        #expect(node.users.keyCount == 1)
        second.leaves()
        #expect(node.users.keyCount == 0)
    }

    @Test func `an end in the middle of a subscribe leaves no trace and no leave without a join`()
        async throws
    {
        let node = try await Node { $0.namespaces["chat"]?.forcePushJoinLeave = true }
        let (client, other) = (node.connected("c1", user: "42"), node.connected("c2", user: "43"))
        other.says(subscribe("chat:a"))
        other.forget()
        node.holdsMail = true
        client.says(
            subscribe("chat:a") + "\n" + #"{"id":3,"unsubscribe":{"channel":"chat:a"}}"# + "\n"
                + subscribe("chat:a"))
        client.leaves()
        client.forget()
        node.deliver()
        #expect(client.did == [])
        #expect(node.membershipCount == 1)
        #expect(
            other.heard.count { $0.contains(#""join""#) } == other.heard.count { $0.contains(#""leave""#) })
        node.holdsMail = false
        #expect(
            other.says(#"{"id":3,"presence_stats":{"channel":"chat:a"}}"#)
                == [#"{"id":3,"presence_stats":{"num_clients":1,"num_users":1}}"#])
        other.leaves()
        #expect(node.channelCount == 0)
    }

    @Test func `an end while a subscription token is being verified leaves no trace`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        node.holdsTokens = true
        let token = Issuer.token(user: "42", channel: "chat:a")
        client.says(#"{"id":2,"subscribe":{"channel":"chat:a","token":"\#(token)"}}"#)
        client.leaves()
        client.forget()
        node.judge()
        #expect(client.did == [])
        #expect(node.channelCount == 0)
    }

    @Test("the server may close at any stage, and only once", arguments: [0, 1, 2, 3])
    func closing(stage: Int) async throws {
        let node = try await Node()
        node.holdsTokens = stage == 1
        let client = node.client("c1")
        let expired = Issuer.token(user: "42", #""exp":1"#)
        let good = Issuer.token(user: "42")
        if stage > 0 { client.says(#"{"id":1,"connect":{"token":"\#(stage == 2 ? expired : good)"}}"#) }
        #expect(client.isSentAway(.shutdown) == [close(3001)])
        #expect(client.isSentAway(.noPong) == [])
        #expect(!client.session.isOpen)
        #expect(!client.session.isWaiting)
        #expect(node.users.keyCount == 0)
    }
}
