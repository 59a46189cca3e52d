import BelfryProtocol
import BelfrySession
import Testing

/// protocol.md 4: what becomes of a command before anybody looks into it.
@Suite struct DispatchTests {
    @Test(
        "before the connect everything else closes with 3501",
        arguments: [
            "{}", #"{"id":1}"#, #"{"id":1,"ping":{}}"#, #"{"id":1,"subscribe":{"channel":"chat:a"}}"#,
            #"{"id":1,"unsubscribe":{"channel":"chat:a"}}"#,
            #"{"id":1,"publish":{"channel":"chat:a","data":1}}"#,
            #"{"id":1,"presence":{"channel":"chat:a"}}"#, #"{"id":1,"presence_stats":{"channel":"chat:a"}}"#,
            #"{"id":1,"history":{"channel":"chat:a"}}"#, #"{"id":1,"rpc":{"method":"m"}}"#,
            #"{"send":{"data":1}}"#, #"{"id":1,"refresh":{"token":"t"}}"#,
            #"{"id":1,"sub_refresh":{"channel":"chat:a","token":"t"}}"#, #"{"connect":{}}"#,
            #"{"id":0,"connect":{}}"#, "", "\n", "[]", "{",
        ]) func greeting(message: String) async throws
    {
        let node = try await Node { $0.isInsecure = true }
        #expect(node.client("c1").says(message) == [close(3501)])
    }

    @Test(
        "after the connect a command ends as the dispatch table says",
        arguments: [
            // Rule 3: without an id only a pong and `send` are commands.
            (#"{"subscribe":{"channel":"chat:a"}}"#, "close 3501"),
            (#"{"id":0,"publish":{"channel":"chat:a","data":{}}}"#, "close 3501"),
            (#"{"rpc":{"method":"m"}}"#, "close 3501"),
            (#"{"ping":{}}"#, "close 3501"),
            // Rule 4: the first request in the protocol's order counts, wherever it stands in the object.
            (
                #"{"id":2,"rpc":{},"publish":{"channel":"chat:a","data":1},"subscribe":{"channel":"no:a"}}"#,
                "102"
            ),
            (#"{"id":2,"sub_refresh":{},"refresh":{},"unsubscribe":{"channel":"chat:a"}}"#, "ok"),
            (#"{"id":2,"subscribe":null,"rpc":{}}"#, "108"),
            (#"{"id":2,"ping":{},"rpc":{}}"#, "108"),
            (#"{"id":5,"ping":{}}"#, "close 3501"),
            (#"{"id":5}"#, "close 3501"),
            // Rule 5.
            (#"{"id":2,"connect":{}}"#, "close 3501"),
            // Rule 6.
            (#"{"id":6,"subscribe":{"channel":""}}"#, "close 3501"),
            (#"{"id":6,"subscribe":{}}"#, "close 3501"),
            (#"{"id":6,"unsubscribe":{"channel":""}}"#, "close 3501"),
            (#"{"id":6,"publish":{"channel":"","data":1}}"#, "close 3501"),
            (#"{"id":6,"presence":{}}"#, "close 3501"),
            (#"{"id":6,"presence_stats":{}}"#, "close 3501"),
            (#"{"id":6,"history":{}}"#, "close 3501"),
            (#"{"id":6,"sub_refresh":{}}"#, "close 3501"),
            // There are no handlers: rpc says so, `send` has no reply that could.
            (#"{"id":2,"rpc":{"method":"time","data":{}}}"#, "108"),
            (#"{"send":{"data":1}}"#, "close 3508"),
            (#"{"id":2,"send":{"data":1}}"#, "close 3508"),
        ]) func dispatched(message: String, expected: String) async throws
    {
        let client = try await Node().connected("c1", user: "42")
        #expect(outcome(client.says(message)) == expected)
    }

    @Test func `ids are echoed and never compared`() async throws {
        let client = try await Node().connected("c1", user: "42")
        let unsubscribe = #"{"id":7,"unsubscribe":{"channel":"chat:a"}}"#
        #expect(
            client.says(unsubscribe + "\n" + unsubscribe + "\n" + #"{"id":4294967295,"rpc":{}}"#) == [
                #"{"id":7,"unsubscribe":{}}"#, #"{"id":7,"unsubscribe":{}}"#, error(108, id: 4_294_967_295),
            ])
    }

    @Test func `what stands before a malformed line is served, what stands behind it is not`() async throws {
        let client = try await Node().connected("c1", user: "42")
        let rpc = #"{"id":2,"rpc":{}}"#
        #expect(client.says(rpc + "\n\n" + rpc) == [error(108), close(3501)])
    }

    @Test func `nothing is served after the end`() async throws {
        let client = try await Node().connected("c1", user: "42")
        #expect(client.says(#"{"id":2}"# + "\n" + #"{"id":3,"rpc":{}}"#) == [close(3501)])
        #expect(client.isSentAway(.shutdown) == [])
        #expect(client.expires() == [])
        #expect(!client.session.isOpen)
    }
}
