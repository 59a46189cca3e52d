import BelfryAuth
import BelfrySession
import Testing

/// An operator takes back what a client came in with.
@Suite struct RevocationTests {
    private func isHere(_ client: Conversation, by denial: Denial) -> Bool {
        client.session.isHere(by: denial)
    }

    @Test func `a client is here by the token that admitted it`() async throws {
        let client = try await Node().connected("c1", user: "42", #""jti":"t-1","iat":1000"#)
        #expect(isHere(client, by: .user("42")) && !isHere(client, by: .user("43")))
        #expect(isHere(client, by: .token("t-1")) && !isHere(client, by: .token("t-2")))
        #expect(isHere(client, by: .tokens(of: "42", issuedBefore: 1_001)))
        #expect(!isHere(client, by: .tokens(of: "42", issuedBefore: 1_000)))
    }

    @Test func `a client that has not connected yet is here by the token of its upgrade`() async throws {
        let node = try await Node()
        let client = node.client("c1", upgradeToken: Issuer.token(user: "42", #""jti":"t-1""#))
        #expect(isHere(client, by: .token("t-1")))
        // Once it has shown another one, that one counts.
        let token = Issuer.token(user: "43")
        client.says(#"{"id":1,"connect":{"token":"\#(token)"}}"#)
        #expect(!isHere(client, by: .token("t-1")) && isHere(client, by: .user("43")))
    }

    @Test func `after a refresh the new token counts`() async throws {
        let client = try await Node().connected("c1", user: "42", #""jti":"t-1""#)
        let token = Issuer.token(user: "42", #""jti":"t-2""#)
        client.says(#"{"id":2,"refresh":{"token":"\#(token)"}}"#)
        #expect(!isHere(client, by: .token("t-1")) && isHere(client, by: .token("t-2")))
    }

    @Test func `who has no token is nobody to revocations`() async throws {
        let client = try await Node { $0.allowsAnonymous = true }.connected("c1", user: nil)
        #expect(!isHere(client, by: .token("t-1")) && !isHere(client, by: .user("42")))
    }

    // MARK: Subscription tokens

    private func subscribe(_ client: Conversation, _ channel: String, _ claims: String, id: Int = 2) {
        let token = Issuer.token(user: "42", channel: channel, claims)
        client.says(#"{"id":\#(id),"subscribe":{"channel":"\#(channel)","token":"\#(token)"}}"#)
    }

    private func end(_ client: Conversation, by denial: Denial, on node: Node) -> [String] {
        client.happens { _ = $0.endSubscriptions(by: denial, at: node.clock, into: &$1) }
    }

    private static let ended =
        #"{"push":{"channel":"$chat:s","unsubscribe":{"code":2501,"reason":"subscription expired"}}}"#

    @Test func `a subscription ends with its own token, and the others stay`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        subscribe(client, "$chat:s", #""jti":"s-1""#)
        subscribe(client, "$chat:t", #""jti":"s-2""#, id: 3)
        client.says(#"{"id":4,"subscribe":{"channel":"chat:open"}}"#)
        #expect(end(client, by: .token("s-0"), on: node) == [])
        #expect(end(client, by: .token("s-1"), on: node) == [Self.ended])
        #expect(Set(client.session.channels) == ["$chat:t", "chat:open"])
    }

    @Test func `a refresh gives a subscription another token`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        subscribe(client, "$chat:s", #""jti":"s-1""#)
        let token = Issuer.token(user: "42", channel: "$chat:s", #""jti":"s-2","iat":100"#)
        client.says(#"{"id":3,"sub_refresh":{"channel":"$chat:s","token":"\#(token)"}}"#)
        #expect(end(client, by: .token("s-1"), on: node) == [])
        #expect(end(client, by: .tokens(of: "42", issuedBefore: 101), on: node) == [Self.ended])
    }

    @Test func `a subscribe that is not answered yet is answered, and then ends`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        node.holdsMail = true
        subscribe(client, "$chat:s", #""jti":"s-1""#)
        #expect(end(client, by: .token("s-1"), on: node) == [])
        client.forget()
        node.deliver()
        #expect(client.heard.count == 1 && client.session.isSubscribed(to: "$chat:s"))
        #expect(client.session.nextExpiry.map { $0 <= node.clock.unixSeconds } == true)
        #expect(client.expires() == [Self.ended])
    }
}
