import Testing

/// protocol.md 8, and rule 3 of 4.
@Suite struct PingTests {
    @Test func `a ping is an empty object and a pong answers it`() async throws {
        let client = try await Node().connected("c1", user: "42")
        #expect(client.isPinged() == ["{}"])
        #expect(client.makes("{}") == ["ponged"])
        #expect(client.hasNoTimeLeftForPong() == [])
    }

    @Test func `a pong without a ping closes with 3501`() async throws {
        let client = try await Node().connected("c1", user: "42")
        #expect(client.says("{}") == [close(3501)])
    }

    @Test func `each ping is answered once`() async throws {
        let client = try await Node().connected("c1", user: "42")
        client.isPinged()
        #expect(client.says("{}") == [])
        #expect(client.says("{}") == [close(3501)])
    }

    @Test func `a pong that comes just after the second ping answers the first`() async throws {
        let client = try await Node().connected("c1", user: "42")
        client.isPinged()
        client.isPinged()
        #expect(client.says("{}") == [])
        #expect(client.says("{}") == [])
    }

    @Test func `no pong in time closes with 3012, whatever else the client sends`() async throws {
        let client = try await Node().connected("c1", user: "42")
        client.isPinged()
        client.says(#"{"id":2,"publish":{"channel":"chat:lobby","data":1}}"#)
        #expect(client.hasNoTimeLeftForPong() == [close(3012)])
    }

    @Test func `nobody is pinged before it is authenticated or after the end`() async throws {
        let node = try await Node()
        let client = node.client("c1")
        #expect(client.isPinged() == [])
        node.holdsTokens = true
        client.says(#"{"id":1,"connect":{"token":"\#(Issuer.token(user: "42"))"}}"#)
        #expect(client.isPinged() == [])
        node.judge()
        #expect(client.isPinged() == ["{}"])
        client.says("[]")
        #expect(client.isPinged() == [])
        #expect(client.hasNoTimeLeftForPong() == [])
    }

    @Test func `a pong that waits behind a token is still a pong`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        client.isPinged()
        node.holdsTokens = true
        client.says(#"{"id":2,"refresh":{"token":"\#(Issuer.token(user: "42"))"}}"# + "\n{}")
        node.judge()
        #expect(client.did.suffix(1) == ["ponged"])
    }
}
