import BelfryLimits
import BelfryProtocol
import BelfrySession
import Testing

/// protocol.md 7.3: JS sends connect and its subscribes as one frame, before it knows how the connect ends.
@Suite struct PipeliningTests {
    private func frame(_ token: String) -> String {
        #"{"id":1,"connect":{"token":"\#(token)"}}"# + "\n" + #"{"id":2,"subscribe":{"channel":"chat:a"}}"#
    }
    private let late = #"{"id":3,"rpc":{}}"#

    @Test func `nothing is handled while the connect token is being verified`() async throws {
        let node = try await Node()
        node.holdsTokens = true
        let client = node.client("c1")
        #expect(client.makes(frame(Issuer.token(user: "42"))) == ["verify connection"])
        #expect(client.session.isWaiting)
        #expect(!client.session.isOpen)
        node.judge()
        #expect(!client.session.isWaiting)
        #expect(
            client.did == [
                "verify connection",
                #"send {"id":1,"connect":{"client":"c1","version":"relay 0.1.0","ping":25,"pong":true}}"#,
                "admitted", "ask subscribe chat:a", #"send {"id":2,"subscribe":{}}"#, "join chat:a",
            ])
    }

    @Test func `the rest of the frame of a failed connect is dropped and the next message closes`()
        async throws
    {
        let client = try await Node().client("c1")
        let expired = Issuer.token(user: "42", #""exp":\#(Node.start - 1)"#)
        #expect(client.says(frame(expired)) == [error(109, id: 1)])
        #expect(client.says(late) == [close(3501)])
    }

    @Test func `the same holds when the connect fails without a verification`() async throws {
        let past = Issuer.token(user: "42", #""expire_at":\#(Node.start - 1)"#)
        let client = try await Node().client("c1", upgradeToken: past)
        let frame = #"{"id":1,"connect":{}}"# + "\n" + #"{"id":2,"subscribe":{"channel":"chat:a"}}"#
        #expect(client.says(frame + "\n" + "{}") == [error(110, id: 1)])
        #expect(client.says("{}") == [close(3501)])
    }

    @Test func `even another connect is not served after a failed one`() async throws {
        let client = try await Node { $0.allowsAnonymous = true }.client("c1")
        let expired = Issuer.token(user: "42", #""exp":\#(Node.start - 1)"#)
        #expect(
            client.says(#"{"id":1,"connect":{"token":"\#(expired)"}}"# + "\n" + #"{"id":2,"connect":{}}"#)
                == [error(109, id: 1)])
        #expect(client.says(#"{"id":2,"connect":{}}"#) == [close(3501)])
    }

    @Test func `a verdict that comes after the end changes nothing`() async throws {
        let node = try await Node()
        node.holdsTokens = true
        let client = node.client("c1")
        client.says(frame(Issuer.token(user: "42")))
        #expect(client.isSentAway(.stale) == [close(3502)])
        client.forget()
        node.judge()
        #expect(client.did == [])
        #expect(!client.session.isOpen)
        #expect(node.users.keyCount == 0)
    }

    @Test func `commands behind a subscription token wait for its verdict`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        node.holdsTokens = true
        let token = Issuer.token(user: "42", channel: "$chat:s")
        let subscribe = #"{"id":2,"subscribe":{"channel":"$chat:s","token":"\#(token)"}}"#
        #expect(client.makes(subscribe + "\n" + late) == ["verify subscription"])
        #expect(client.session.isOpen)
        node.judge()
        #expect(client.heard == [#"{"id":2,"subscribe":{}}"#, error(108, id: 3)])
    }
}
