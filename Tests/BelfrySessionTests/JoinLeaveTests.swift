import BelfryHub
import BelfrySession
import Testing

/// protocol.md 9.6.
@Suite struct JoinLeaveTests {
    private let plain = #"{"id":2,"subscribe":{"channel":"chat:a"}}"#
    private let wishing = #"{"id":2,"subscribe":{"channel":"chat:a","join_leave":true}}"#
    private let unsubscribe = #"{"id":3,"unsubscribe":{"channel":"chat:a"}}"#
    private let subscribed = #"{"id":2,"subscribe":{}}"#

    private func push(_ kind: String, _ user: String, _ client: String, _ more: String = "") -> String {
        #"{"push":{"channel":"chat:a","\#(kind)":{"info":{"user":"\#(user)","client":"\#(client)"\#(more)}}}}"#
    }

    @Test func `a client that asked gets its own join right after the reply`() async throws {
        let client = try await Node().connected("c1", user: "42")
        #expect(client.says(wishing) == [subscribed, push("join", "42", "c1")])
        #expect(client.did.last == "join chat:a with joins")
    }

    @Test func `a client that did not ask gets none`() async throws {
        let node = try await Node()
        let (client, other) = (node.connected("c1", user: "42"), node.connected("c2", user: "43"))
        #expect(client.says(plain) == [subscribed])
        client.forget()
        other.says(wishing)
        other.says(unsubscribe)
        #expect(client.heard == [])
    }

    @Test func `joins and leaves of others come with what their tokens say of them`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        client.says(wishing)
        let other = node.connected("c2", user: "43", #""info":{"n":"Ada"}"#)
        let token = Issuer.token(user: "43", channel: "chat:a", #""info":{"r":1}"#)
        client.forget()
        other.says(#"{"id":2,"subscribe":{"channel":"chat:a","token":"\#(token)"}}"#)
        other.says(unsubscribe)
        let info = #","conn_info":{"n":"Ada"},"chan_info":{"r":1}"#
        #expect(client.heard == [push("join", "43", "c2", info), push("leave", "43", "c2", info)])
    }

    @Test func `the leaver does not get its own leave, by command or by close`() async throws {
        let node = try await Node()
        let (client, other) = (node.connected("c1", user: "42"), node.connected("c2", user: "43"))
        client.says(wishing)
        other.says(wishing)
        client.forget()
        #expect(other.says(unsubscribe) == [#"{"id":3,"unsubscribe":{}}"#])
        #expect(client.heard == [push("leave", "43", "c2")])
        other.says(wishing)
        client.forget()
        #expect(other.says(#"{"id":9}"#) == [close(3501)])
        #expect(client.heard == [push("leave", "43", "c2")])
    }

    /// Channel option `join_leave`, option `force_push_join_leave`, the request's wish, access to presence; whether
    /// the subscriber hears of another's join.
    @Test(
        "who hears joins",
        arguments: [
            (true, false, false, true, false),
            (true, false, true, true, true),
            (true, false, true, false, false),  // who may not ask who is there may not be told either
            (true, true, false, false, true),
            (true, true, true, true, true),
            (false, false, true, true, false),
            (false, true, true, true, false),  // nobody announces anything
        ]) func hearing(
            announces: Bool, forced: Bool, wishes: Bool, mayReadPresence: Bool, expected: Bool
        ) async throws
    {
        let node = try await Node {
            $0.namespaces["chat"]?.joinLeave = announces
            $0.namespaces["chat"]?.forcePushJoinLeave = forced
            $0.namespaces["chat"]?.allowPresenceForClient = mayReadPresence
        }
        let (client, other) = (node.connected("c1", user: "42"), node.connected("c2", user: "43"))
        client.says(wishes ? wishing : plain)
        client.forget()
        other.says(plain)
        #expect(client.heard == (expected ? [push("join", "43", "c2")] : []))
    }

    @Test func `a subscriber with access to presence as subscriber hears joins`() async throws {
        let node = try await Node {
            $0.namespaces["chat"]?.allowPresenceForClient = false
            $0.namespaces["chat"]?.allowPresenceForSubscriber = true
        }
        #expect(node.connected("c1", user: "42").says(wishing) == [subscribed, push("join", "42", "c1")])
    }

    @Test(
        "a token decides before the channel's options",
        arguments: [
            (#"{"join_leave":{"value":false}}"#, false),
            (#"{"force_push_join_leave":{"value":true}}"#, true),
            (#"{}"#, false),
        ]) func overridden(override: String, hears: Bool) async throws
    {
        let client = try await Node().connected("c1", user: "42")
        let token = Issuer.token(user: "42", channel: "chat:a", #""override":\#(override)"#)
        let heard = client.says(#"{"id":2,"subscribe":{"channel":"chat:a","token":"\#(token)"}}"#)
        #expect(heard == (hears ? [subscribed, push("join", "42", "c1")] : [subscribed]))
    }

    @Test func `one who is never announced leaves in silence too`() async throws {
        let node = try await Node()
        let (client, other) = (node.connected("c1", user: "42"), node.connected("c2", user: "43"))
        client.says(wishing)
        let token = Issuer.token(
            user: "43", channel: "chat:a", #""override":{"join_leave":{"value":false}}"#)
        client.forget()
        other.says(#"{"id":2,"subscribe":{"channel":"chat:a","token":"\#(token)"}}"#)
        other.leaves()
        #expect(client.heard == [])
    }
}
