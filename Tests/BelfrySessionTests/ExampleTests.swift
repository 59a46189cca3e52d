import BelfryHub
import BelfryLimits
import BelfryProtocol
import Testing

/// protocol.md 26, as whole conversations.
///
/// Left out is what needs history, server-side subscriptions, delta or filters.
@Suite struct ExampleTests {
    private let connected =
        #"{"id":1,"connect":{"client":"c1","version":"relay 0.1.0","ping":25,"pong":true}}"#
    private let open: (inout Rules) -> Void = { $0.isInsecure = true }

    @Test func `E1 anonymous connect`() async throws {
        let client = try await Node { $0.allowsAnonymous = true }.client("c1")
        #expect(client.says(#"{"id":1,"connect":{"name":"js"}}"#) == [connected])
    }

    @Test func `E2 connect with a token that expires in an hour`() async throws {
        let client = try await Node().client("c1")
        let token = Issuer.token(user: "42", #""exp":\#(Node.start + 3600)"#)
        #expect(
            client.says(#"{"id":1,"connect":{"token":"\#(token)","name":"python","version":"1.4"}}"#) == [
                #"{"id":1,"connect":{"client":"c1","version":"relay 0.1.0","expires":true,"ttl":3600,"ping":25,"pong":true}}"#
            ])
    }

    @Test func `E3 expired connection token, then a reconnect with a fresh one`() async throws {
        let node = try await Node()
        let expired = Issuer.token(user: "42", #""exp":\#(Node.start - 1)"#)
        #expect(
            node.client("c0").says(#"{"id":1,"connect":{"token":"\#(expired)"}}"#)
                == [#"{"id":1,"error":{"code":109,"message":"token expired"}}"#])
        let fresh = Issuer.token(user: "42")
        #expect(node.client("c1").says(#"{"id":1,"connect":{"token":"\#(fresh)"}}"#) == [connected])
    }

    @Test func `E4 invalid connection token`() async throws {
        let client = try await Node().client("c1")
        #expect(client.says(#"{"id":1,"connect":{"token":"garbage"}}"#) == ["close 3500 invalid token"])
    }

    @Test func `E5 JS first frame, of which the second subscribe is refused`() async throws {
        let client = try await Node(open).client("c1")
        let frame = [
            #"{"id":1,"connect":{"name":"js"}}"#, #"{"id":2,"subscribe":{"channel":"chat:lobby","flag":1}}"#,
            #"{"id":3,"subscribe":{"channel":"$secret","flag":1}}"#,
        ]
        #expect(
            client.says(frame.joined(separator: "\n")) == [
                connected, #"{"id":2,"subscribe":{}}"#,
                #"{"id":3,"error":{"code":103,"message":"permission denied"}}"#,
            ])
    }

    @Test func `E6 ping and pong`() async throws {
        let client = try await Node(open).connected("c1", user: nil)
        #expect(client.isPinged() == ["{}"])
        #expect(client.says("{}") == [])
    }

    @Test func `E13 publish, own echo, reply`() async throws {
        let client = try await Node().connected("c1", user: "42", #""info":{"name":"Ada"}"#)
        client.says(#"{"id":2,"subscribe":{"channel":"chat:lobby"}}"#)
        #expect(
            client.says(#"{"id":5,"publish":{"channel":"chat:lobby","data":{"text":"hello"}}}"#) == [
                #"{"push":{"channel":"chat:lobby","pub":{"data":{"text":"hello"},"info":{"user":"42","client":"c1","conn_info":{"name":"Ada"}}}}}"#,
                #"{"id":5,"publish":{}}"#,
            ])
    }

    @Test func `E14 presence and stats`() async throws {
        let node = try await Node {
            $0.allowsAnonymous = true
            $0.namespaces["chat"]?.allowSubscribeForAnonymous = true
        }
        let client = node.connected("c1", user: "42", #""info":{"name":"Ada"}"#)
        let guest = node.connected("c2", user: nil)
        for one in [client, guest] { one.says(#"{"id":2,"subscribe":{"channel":"chat:lobby"}}"#) }
        let (ada, anonymous) = (
            #""c1":{"user":"42","client":"c1","conn_info":{"name":"Ada"}}"#,
            #""c2":{"user":"","client":"c2"}"#
        )
        let reply = client.says(#"{"id":6,"presence":{"channel":"chat:lobby"}}"#)
        let orders = [[ada, anonymous], [anonymous, ada]].map { $0.joined(separator: ",") }
        #expect(orders.map { [#"{"id":6,"presence":{"presence":{\#($0)}}}"#] }.contains(reply))
        #expect(
            client.says(#"{"id":7,"presence_stats":{"channel":"chat:lobby"}}"#)
                == [#"{"id":7,"presence_stats":{"num_clients":2,"num_users":2}}"#])
    }

    @Test func `E16 rpc without a handler, and send`() async throws {
        let client = try await Node(open).connected("c1", user: nil)
        #expect(
            client.says(#"{"id":12,"rpc":{"method":"typing","data":{"room":"lobby"}}}"#)
                == [#"{"id":12,"error":{"code":108,"message":"not available"}}"#])
        #expect(client.says(#"{"send":{"data":{"seen":17}}}"#) == ["close 3508 not available"])
    }

    @Test func `E17 unsubscribe, and of a channel never subscribed`() async throws {
        let client = try await Node(open).connected("c1", user: nil)
        client.says(#"{"id":2,"subscribe":{"channel":"chat:lobby"}}"#)
        #expect(
            client.says(#"{"id":14,"unsubscribe":{"channel":"chat:lobby"}}"#)
                == [#"{"id":14,"unsubscribe":{}}"#])
        #expect(
            client.says(#"{"id":15,"unsubscribe":{"channel":"never"}}"#) == [#"{"id":15,"unsubscribe":{}}"#])
    }

    @Test func `E18 join and leave of another client`() async throws {
        let node = try await Node()
        let (client, other) = (node.connected("c1", user: "42"), node.connected("c9", user: "7"))
        client.says(#"{"id":2,"subscribe":{"channel":"chat:lobby","join_leave":true}}"#)
        client.forget()
        let token = Issuer.token(user: "7", channel: "chat:lobby", #""info":{"role":"mod"}"#)
        other.says(#"{"id":2,"subscribe":{"channel":"chat:lobby","token":"\#(token)"}}"#)
        other.leaves()
        #expect(
            client.heard == [
                #"{"push":{"channel":"chat:lobby","join":{"info":{"user":"7","client":"c9","chan_info":{"role":"mod"}}}}}"#,
                #"{"push":{"channel":"chat:lobby","leave":{"info":{"user":"7","client":"c9","chan_info":{"role":"mod"}}}}}"#,
            ])
    }

    @Test func `E19 connection refresh and subscription refresh`() async throws {
        let node = try await Node { $0.unnamed.presence = true }
        let client = node.connected("c1", user: "42", #""exp":\#(Node.start + 5)"#)
        let soon = Issuer.token(user: "42", channel: "$secret", #""exp":\#(Node.start + 5)"#)
        client.says(#"{"id":2,"subscribe":{"channel":"$secret","token":"\#(soon)"}}"#)
        let token = Issuer.token(user: "42", #""exp":\#(Node.start + 3600)"#)
        #expect(
            client.says(#"{"id":20,"refresh":{"token":"\#(token)"}}"#)
                == [#"{"id":20,"refresh":{"expires":true,"ttl":3600}}"#])
        let later = Issuer.token(user: "42", channel: "$secret", #""exp":\#(Node.start + 600)"#)
        #expect(
            client.says(#"{"id":21,"sub_refresh":{"channel":"$secret","token":"\#(later)"}}"#)
                == [#"{"id":21,"sub_refresh":{"expires":true,"ttl":600}}"#])
    }

    @Test func `E24 rate limited publish`() async throws {
        let node = try await Node { $0.limits.user.publish = .init(burst: 1, window: .seconds(60)) }
        let client = node.connected("c1", user: "42")
        client.says(#"{"id":29,"publish":{"channel":"chat:lobby","data":{"text":"spam"}}}"#)
        #expect(
            client.says(#"{"id":30,"publish":{"channel":"chat:lobby","data":{"text":"spam"}}}"#)
                == [#"{"id":30,"error":{"code":111,"message":"too many requests","temporary":true}}"#])
    }

    @Test(
        "E25 protocol violations, each answered by close 3501",
        arguments: [
            #"{"id":0,"publish":{"channel":"x","data":{}}}"#, #"{"id":5,"ping":{}}"#,
            #"{"id":6,"subscribe":{"channel":""}}"#,
        ]) func violation(message: String) async throws
    {
        let node = try await Node(open)
        #expect(node.connected("c1", user: nil).says(message) == ["close 3501 bad request"])
        #expect(
            node.client("c2").says(#"{"id":2,"subscribe":{"channel":"x"}}"#) == ["close 3501 bad request"])
    }
}
