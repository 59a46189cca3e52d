import BelfryHub
import Testing

/// protocol.md 18.2: what a channel's options do to a conversation.
@Suite struct ChannelOptionTests {
    private func node(
        _ pattern: String, _ change: (inout ChannelOptions) -> Void = { _ in }
    ) async throws -> Node {
        let pattern = try ChannelPattern(pattern)
        return try await Node { rules in
            rules.namespaces["chat"]?.channelRegex = pattern
            if var chat = rules.namespaces["chat"] {
                change(&chat)
                rules.namespaces["chat"] = chat
            }
        }
    }

    @Test(
        "a name that the namespace does not allow is answered with 107, whatever is asked of it",
        arguments: [
            #""subscribe":{"channel":"chat:Lobby"}"#, #""publish":{"channel":"chat:Lobby","data":1}"#,
            #""presence":{"channel":"chat:Lobby"}"#, #""presence_stats":{"channel":"chat:Lobby"}"#,
            #""history":{"channel":"chat:Lobby"}"#, #""subscribe":{"channel":"$chat:Lobby","token":"x"}"#,
        ]) func unfit(command: String) async throws
    {
        let client = try await node("^[a-z]+$").connected("c1", user: "42")
        #expect(client.says(#"{"id":2,\#(command)}"#) == [error(107)])
        #expect(outcome(client.says(#"{"id":2,"unsubscribe":{"channel":"chat:Lobby"}}"#)) == "ok")
    }

    @Test(
        "the pattern sees the name without its namespace",
        arguments: [("chat:lobby", "ok"), ("chat:lobby2", "107"), ("chat:", "107"), ("chat:a:b", "107")])
    func rest(channel: String, expected: String) async throws {
        let client = try await node("^[a-z]+$").connected("c1", user: "42")
        #expect(outcome(client.says(#"{"id":2,"subscribe":{"channel":"\#(channel)"}}"#)) == expected)
    }

    @Test func `the server may name what it likes, and who is in a channel may use its name`() async throws {
        let node = try await node("^[a-z]+$")
        let client = node.connected("c1", user: "42", #""channels":["chat:Lobby"]"#)
        #expect(outcome(client.says(#"{"id":2,"publish":{"channel":"chat:Lobby","data":1}}"#)) == "ok")
        let wish = #""connect":{"token":"\#(Issuer.token(user: "1"))","subs":{"chat:Lobby":{}}}"#
        #expect(outcome(node.client("c2").says(#"{"id":1,\#(wish)}"#)) == "close 3501")
    }

    @Test func `clients hear how long to hold publications back`() async throws {
        let node = try await node(".") { $0.clientPublishDebounceInterval = .milliseconds(250) }
        let client = node.connected("c1", user: "42")
        #expect(
            client.says(#"{"id":2,"subscribe":{"channel":"chat:a"}}"#)
                == [#"{"id":2,"subscribe":{"publish_debounce":250}}"#])
    }

    @Test("other types of subscription than streams are not available", arguments: 1...4)
    func types(type: Int) async throws {
        let client = try await Node().connected("c1", user: "42")
        #expect(client.says(#"{"id":2,"subscribe":{"channel":"chat:a","type":\#(type)}}"#) == [error(108)])
    }
}
