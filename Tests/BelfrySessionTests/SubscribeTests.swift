import BelfryHub
import BelfryProtocol
import BelfrySession
import Testing

/// protocol.md 9: the checks, their order, and what the home is asked.
@Suite struct SubscribeTests {
    private static let long = "chat:" + String(repeating: "x", count: 251)
    private static func token(_ channel: String = "chat:a", user: String = "42", _ claims: String = "")
        -> String
    {
        #","token":"\#(Issuer.token(user: user, channel: channel, claims))""#
    }

    /// A node on which the connection already holds `chat:held`, and may hold two subscriptions.
    private func client(
        _ change: (inout Rules) -> Void = { _ in }, user: String? = "42"
    ) async throws -> (Node, Conversation) {
        let node = try await Node {
            $0.channelsMax = 2
            change(&$0)
        }
        let client = node.connected("c1", user: user)
        client.says(#"{"id":9,"subscribe":{"channel":"chat:held"}}"#)
        return (node, client)
    }

    private func subscribe(_ channel: String, _ members: String = "") -> String {
        #"{"id":2,"subscribe":{"channel":"\#(channel)"\#(members),"flag":1}}"#
    }

    @Test(
        "a subscribe ends as the first rule that it breaks says",
        arguments: [
            ("", "", "close 3501"),
            (long, "", "107"),
            ("chat:grün", "", "107"),
            ("chat:held", "", "105"),
            ("chat:a", #","delta":"xdelta""#, "close 3501"),
            ("chat:a", #","delta":"fossil""#, "ok"),
            ("nobody:a", "", "102"),
            ("x:a", "", "102"),
            (":a", "", "102"),
            ("chat:a", #","type":1"#, "108"),
            ("chat:a", #","type":4"#, "108"),
            ("closed:a", "", "103"),
            ("noname", "", "103"),
            ("$chat:a", "", "103"),
            ("chat:#42", "", "103"),
            ("chat:a", #","token":"garbage""#, "103"),
            ("chat:a", token("chat:b"), "close 3500"),
            ("chat:a", token(user: "43"), "close 3500"),
            ("chat:a", token(user: ""), "close 3500"),
            ("chat:a", token("chat:a", #""client":"c2""#), "close 3500"),
            ("chat:a", token("chat:a", #""client":"c1""#), "ok"),
            ("chat:a", token("chat:a", #""exp":\#(Node.start)"#), "109"),
            ("chat:a", token("chat:a", #""exp":\#(Node.start + 1)"#), "ok"),
            ("chat:a", token("chat:a", #""nbf":\#(Node.start + 1)"#), "109"),
            ("chat:a", token("chat:a", #""expire_at":\#(Node.start)"#), "110"),
            ("chat:a", #","tf":{"key":"k","cmp":"eq","val":"v"}"#, "107"),
            ("chat:a", #","flag":255"#, "close 3501"),
            ("chat:a", "", "ok"),
        ]) func checked(channel: String, members: String, expected: String) async throws
    {
        let (_, client) = try await client()
        #expect(outcome(client.says(subscribe(channel, members))) == expected)
        let isSubscribed = client.session.isSubscribed(to: channel)
        #expect(isSubscribed == (expected == "ok" || channel == "chat:held" && expected == "105"))
    }

    /// Rules that one request can break two of, each with its answer, in the order of protocol.md 9.1.
    @Test(
        "of two broken rules the earlier one answers",
        arguments: [
            (long, #","delta":"xdelta""#, "107"),
            ("chat:held", #","delta":"xdelta""#, "105"),
            ("nobody:a", #","delta":"xdelta""#, "close 3501"),
            ("nobody:a", #","tf":{"key":"k"}"#, "102"),
            ("nobody:a", #","token":"garbage""#, "102"),
            ("closed:a", #","tf":{"key":"k"}"#, "103"),
            ("chat:a", #","token":"garbage","tf":{"key":"k"}"#, "103"),
            ("chat:a", token("chat:a", #""exp":1"#) + #","tf":{"key":"k"}"#, "109"),
            ("chat:a", token("chat:a", #""expire_at":1"#) + #","tf":{"key":"k"}"#, "110"),
            ("chat:a", token("chat:b", #""expire_at":1"#), "close 3500"),
        ]) func ordered(channel: String, members: String, expected: String) async throws
    {
        let (_, client) = try await client()
        #expect(outcome(client.says(subscribe(channel, members))) == expected)
    }

    @Test func `a connection at its channel limit is answered 106 before anything about the channel`()
        async throws
    {
        let (_, client) = try await client()
        #expect(outcome(client.says(subscribe("chat:last"))) == "ok")
        #expect(client.says(subscribe("chat:more")) == [error(106)])
        #expect(client.says(subscribe("nobody:a")) == [error(106)])
        #expect(client.says(subscribe("chat:held")) == [error(105)])
        client.says(#"{"id":3,"unsubscribe":{"channel":"chat:held"}}"#)
        #expect(outcome(client.says(subscribe("chat:more"))) == "ok")
    }

    @Test func `the reply comes before the channel's pushes and after the home's answer`() async throws {
        let (node, client) = try await client()
        node.holdsMail = true
        #expect(client.makes(subscribe("chat:a")) == ["ask subscribe chat:a"])
        #expect(client.session.channelCount == 2)
        client.forget()
        node.deliver()
        #expect(client.did == [#"send {"id":2,"subscribe":{}}"#, "join chat:a"])
    }

    @Test func `a subscribe of a channel in flight is answered 105`() async throws {
        let (node, client) = try await client()
        node.holdsMail = true
        #expect(client.says(subscribe("chat:a") + "\n" + subscribe("chat:a")) == [error(105)])
        client.forget()
        node.deliver()
        #expect(client.heard == [#"{"id":2,"subscribe":{}}"#])
    }

    @Test func `a token's data and expiry go into the result, its info into presence`() async throws {
        let (_, client) = try await client()
        let claims = #""data":{"d":1},"info":{"role":"mod"},"exp":\#(Node.start + 600)"#
        let reply = client.says(subscribe("$chat:s", Self.token("$chat:s", claims)))
        #expect(reply == [#"{"id":2,"subscribe":{"expires":true,"ttl":600,"data":{"d":1}}}"#])
        #expect(
            client.says(#"{"id":3,"presence":{"channel":"$chat:s"}}"#) == [
                #"{"id":3,"presence":{"presence":{"c1":{"user":"42","client":"c1","chan_info":{"role":"mod"}}}}}"#
            ])
    }

    @Test func `a token may switch presence of its subscriber off`() async throws {
        let (_, client) = try await client()
        let claims = #""override":{"presence":{"value":false}}"#
        client.says(subscribe("chat:a", Self.token("chat:a", claims)))
        #expect(
            client.says(#"{"id":3,"presence":{"channel":"chat:a"}}"#)
                == [#"{"id":3,"presence":{"presence":{}}}"#])
    }

    @Test func `binary data of a token never enters a JSON reply`() async throws {
        let (_, client) = try await client()
        let token = Self.token("chat:a", #""b64data":"/w==","b64info":"/w==""#)
        #expect(client.says(subscribe("chat:a", token)) == [#"{"id":2,"subscribe":{}}"#])
    }

    @Test func `recovery is not had and the client that wanted it is told`() async throws {
        let (_, client) = try await client()
        #expect(
            client.says(subscribe("chat:a", #","recover":true,"offset":2,"epoch":"x""#))
                == [#"{"id":2,"subscribe":{"was_recovering":true}}"#])
    }

    @Test func `without history positioning and delta are not granted`() async throws {
        let (_, client) = try await client()
        let wishes = #","positioned":true,"recoverable":true,"delta":"fossil""#
        #expect(client.says(subscribe("chat:a", wishes)) == [#"{"id":2,"subscribe":{}}"#])
    }

    @Test func `a token within the leeway subscribes and is to be refreshed at once`() async throws {
        let (_, client) = try await client({ $0.leeway = 30 })
        let token = Self.token("chat:a", #""exp":\#(Node.start - 10)"#)
        #expect(
            client.says(subscribe("chat:a", token)) == [#"{"id":2,"subscribe":{"expires":true,"ttl":1}}"#])
    }

    @Test func `in insecure mode a subscription never expires`() async throws {
        let (_, client) = try await client({ $0.isInsecure = true }, user: nil)
        let token = Self.token("chat:a", user: "", #""exp":\#(Node.start + 10)"#)
        #expect(client.says(subscribe("chat:a", token)) == [#"{"id":2,"subscribe":{}}"#])
        #expect(client.session.nextExpiry == nil)
    }

    @Test func `a broker that fails for now is a temporary error and the channel is free again`() async throws
    {
        let node = try await Node(Rules(), broker: FailingBroker(isTemporary: true, failures: 1))
        let client = node.connected("c1", user: "42")
        #expect(client.says(subscribe("chat:a")) == [error(100)])
        #expect(client.session.channelCount == 0)
        #expect(client.says(subscribe("chat:a")) == [#"{"id":2,"subscribe":{}}"#])
    }

    @Test func `a broker that cannot is answered 108`() async throws {
        let node = try await Node(Rules(), broker: FailingBroker(isTemporary: false, failures: 1))
        #expect(node.connected("c1", user: "42").says(subscribe("chat:a")) == [error(108)])
    }
}
