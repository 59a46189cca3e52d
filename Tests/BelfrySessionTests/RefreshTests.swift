import BelfryLimits
import BelfrySession
import Testing

/// protocol.md 12.1.
@Suite struct RefreshTests {
    private func refresh(_ token: String) -> String { #"{"id":2,"refresh":{"token":"\#(token)"}}"# }
    private static let soon = #""exp":\#(Node.start + 60)"#
    private static let later = #""exp":\#(Node.start + 3600)"#

    @Test(
        "a refresh ends as the table says",
        arguments: [
            ("", "close 3501"),
            ("garbage", "close 3500"),
            (Issuer.forged(user: "42"), "close 3500"),
            (Issuer.token(user: "43", later), "close 3500"),
            (Issuer.token(user: "", later), "close 3500"),
            (Issuer.token(user: "42", channel: "chat:a"), "close 3500"),
            (Issuer.token(user: "42", #""exp":\#(Node.start)"#), "close 3005"),
            (Issuer.token(user: "42", #""nbf":\#(Node.start + 1)"#), "close 3005"),
            (Issuer.token(user: "42", later + #","expire_at":\#(Node.start)"#), "close 3005"),
            (Issuer.token(user: "42", later), #"{"id":2,"refresh":{"expires":true,"ttl":3600}}"#),
            (Issuer.token(user: "42", later + #","expire_at":0"#), #"{"id":2,"refresh":{}}"#),
            (Issuer.token(user: "42"), #"{"id":2,"refresh":{}}"#),
        ]) func refreshed(token: String, expected: String) async throws
    {
        let client = try await Node().connected("c1", user: "42", Self.soon)
        let heard = client.says(refresh(token))
        #expect(expected.hasPrefix("{") ? heard == [expected] : outcome(heard) == expected)
    }

    @Test func `a refresh moves the end of the connection`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42", Self.soon)
        client.says(refresh(Issuer.token(user: "42", Self.later)))
        node.seconds = 60 + 25
        #expect(client.expires() == [])
        node.seconds = 3600 + 25
        #expect(client.expires() == [close(3005)])
    }

    @Test func `a refresh keeps the subscriptions and changes what later publications say`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42", #""info":{"n":1}"#)
        client.says(#"{"id":1,"subscribe":{"channel":"chat:a"}}"#)
        #expect(
            client.makes(refresh(Issuer.token(user: "42", #""info":{"n":2}"#)))
                == ["verify connection", #"send {"id":2,"refresh":{}}"#])
        #expect(client.session.channels == ["chat:a"])
        let heard = client.says(#"{"id":3,"publish":{"channel":"chat:a","data":1}}"#)
        #expect(heard.first?.contains(#""conn_info":{"n":2}"#) == true)
    }

    @Test func `pushes, pings and answers go on while a token is being verified`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        client.says(#"{"id":1,"subscribe":{"channel":"chat:a"}}"#)
        (node.holdsMail, node.holdsTokens) = (true, true)
        client.says(
            #"{"id":3,"publish":{"channel":"chat:a","data":1}}"# + "\n" + refresh(Issuer.token(user: "42")))
        #expect(client.session.isWaiting)
        node.deliver()
        #expect(client.heard.last == #"{"id":3,"publish":{}}"#)
        #expect(client.isPinged() == ["{}"])
        node.judge()
        #expect(client.heard.last == #"{"id":2,"refresh":{}}"#)
    }

    @Test func `a node too busy to verify asks to try again and keeps the connection`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        node.holdsTokens = true
        client.says(refresh(Issuer.token(user: "42")))
        #expect(client.isOverloaded() == [error(100)])
        #expect(client.session.isOpen)
    }

    @Test func `an anonymous client may refresh as an anonymous one and become nobody else`() async throws {
        let node = try await Node { $0.allowsAnonymous = true }
        let client = node.connected("c1", user: nil)
        #expect(client.says(refresh(Issuer.token(user: "", Self.later))).count == 1)
        #expect(client.session.isOpen)
        #expect(client.says(refresh(Issuer.token(user: "42", Self.later))) == [close(3500)])
    }

    @Test func `in insecure mode a refresh makes nothing expire`() async throws {
        let client = try await Node { $0.isInsecure = true }.connected("c1", user: "42")
        #expect(client.says(refresh(Issuer.token(user: "42", Self.soon))) == [#"{"id":2,"refresh":{}}"#])
        #expect(client.session.nextExpiry == nil)
    }

    @Test func `a user's place among the connections outlives a refresh`() async throws {
        let node = try await Node { $0.limits.user.connections = 1 }
        let client = node.connected("c1", user: "42")
        client.says(refresh(Issuer.token(user: "42")))
        client.leaves()
        #expect(node.connected("c2", user: "42").session.isOpen)
    }
}
