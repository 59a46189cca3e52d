import BelfryLimits
import BelfrySession
import Testing

/// protocol.md 7.
@Suite struct ConnectTests {
    private func connect(_ token: String) -> String { #"{"id":1,"connect":{"token":"\#(token)"}}"# }
    private let bare = #"{"id":1,"connect":{}}"#

    private func greeting(_ members: String = "") -> String {
        #"{"id":1,"connect":{"client":"c1","version":"relay 0.1.0"\#(members),"ping":25,"pong":true}}"#
    }

    @Test func `a good token opens the session in the name of its subject`() async throws {
        let client = try await Node().client("c1")
        let command =
            #"{"id":1,"connect":{"name":"js","token":"\#(Issuer.token(user: "42", #""info":{"n":1}"#))"}}"#
        #expect(client.makes(command) == ["verify connection", "send " + greeting(), "admitted"])
        #expect(client.session.isOpen)
        #expect(client.session.user == "42")
        #expect(client.session.clientName == "js")
        #expect(client.notes == ["authenticated connect", "accepted connect"])
    }

    @Test func `a token that expires says when`() async throws {
        let client = try await Node().client("c1")
        let token = Issuer.token(user: "42", #""exp":\#(Node.start + 3600)"#)
        #expect(client.says(connect(token)) == [greeting(#","expires":true,"ttl":3600"#)])
    }

    @Test func `expire_at ends the connection in place of exp, and zero never does`() async throws {
        let node = try await Node()
        let exp = #""exp":\#(Node.start + 3600)"#
        let later = Issuer.token(user: "42", exp + #","expire_at":\#(Node.start + 60)"#)
        #expect(node.client("c1").says(connect(later)) == [greeting(#","expires":true,"ttl":60"#)])
        let never = Issuer.token(user: "42", exp + #","expire_at":0"#)
        #expect(node.client("c1").says(connect(never)) == [greeting()])
    }

    @Test func `an expired token is answered 109 and the session waits for the client to close`() async throws
    {
        let client = try await Node().client("c1")
        let token = Issuer.token(user: "42", #""exp":\#(Node.start)"#)
        #expect(
            client.makes(connect(token)) == [
                "verify connection", "send " + error(109, id: 1), "await close",
            ])
        #expect(client.session.isUnusable)
        #expect(client.notes == ["token expired", "refused 109"])
    }

    @Test func `a token that is not yet valid is answered 109`() async throws {
        let token = Issuer.token(user: "42", #""nbf":\#(Node.start + 1)"#)
        #expect(try await Node().client("c1").says(connect(token)) == [error(109, id: 1)])
    }

    @Test func `expire_at in the past is answered 110`() async throws {
        let token = Issuer.token(user: "42", #""expire_at":\#(Node.start)"#)
        let client = try await Node().client("c1")
        #expect(client.says(connect(token)) == [error(110, id: 1)])
        #expect(client.did.last == "await close")
        #expect(client.session.user == "")
    }

    @Test func `a token within the leeway connects and is to be refreshed at once`() async throws {
        let node = try await Node { $0.leeway = 30 }
        let token = Issuer.token(user: "42", #""exp":\#(Node.start - 10)"#)
        #expect(node.client("c1").says(connect(token)) == [greeting(#","expires":true,"ttl":1"#)])
    }

    @Test func `a token that runs out between its verification and the verdict connects`() async throws {
        let node = try await Node()
        let token = Issuer.token(user: "42", #""exp":\#(Node.start + 1)"#)
        let client = node.client("c1", upgradeToken: token)
        node.seconds = 1
        #expect(client.says(bare) == [greeting(#","expires":true,"ttl":1"#)])
    }

    @Test(
        "an invalid token closes with 3500 and no reply",
        arguments: [
            "garbage", "a.b.c", Issuer.forged(user: "42"),
            Issuer.token(user: "42", channel: "chat:a"), Issuer.token(#"{"sub":42}"#),
        ]) func invalid(token: String) async throws
    {
        let client = try await Node().client("c1")
        #expect(client.says(connect(token)) == [close(3500)])
        #expect(client.session.user == "")
    }

    @Test func `no credentials at all close with 3501`() async throws {
        for token in ["", #""token":"""#, #""token":null"#] {
            let client = try await Node().client("c1")
            #expect(client.says(#"{"id":1,"connect":{\#(token)}}"#) == [close(3501)])
            #expect(client.notes == ["token missing"])
        }
    }

    @Test func `a token without a subject is an anonymous user's`() async throws {
        let client = try await Node().client("c1")
        #expect(client.says(connect(Issuer.token("{}"))) == [greeting()])
        #expect(client.session.user == "")
    }

    @Test func `where tokens must name a user, one that does not closes with 3507`() async throws {
        let node = try await Node { $0.tokensNeedUser = true }
        let token = Issuer.token(user: "")
        #expect(node.client("c1").says(#"{"id":1,"connect":{"token":"\#(token)"}}"#) == [close(3507)])
        #expect(node.connected("c2", user: "42").session.user == "42")
    }

    @Test func `anonymous clients connect where the policy allows it`() async throws {
        let client = try await Node { $0.allowsAnonymous = true }.client("c1")
        #expect(client.says(bare) == [greeting()])
        #expect(client.notes.first == "authenticated anonymous")
    }

    @Test func `anonymous connections do not excuse a bad token`() async throws {
        for change: (inout Rules) -> Void in [{ $0.allowsAnonymous = true }, { $0.isInsecure = true }] {
            let node = try await Node(change)
            #expect(node.client("c1").says(connect("garbage")) == [close(3500)])
            let expired = Issuer.token(user: "42", #""exp":\#(Node.start - 1)"#)
            #expect(node.client("c1").says(connect(expired)) == [error(109, id: 1)])
        }
    }

    @Test func `insecure mode takes the user from a token and forgets its expiry`() async throws {
        let node = try await Node { $0.isInsecure = true }
        let client = node.client("c1")
        #expect(client.says(connect(Issuer.token(user: "42", #""exp":\#(Node.start + 9)"#))) == [greeting()])
        #expect(client.session.user == "42")
        #expect(client.session.nextExpiry == nil)
        let past = Issuer.token(user: "42", #""expire_at":\#(Node.start - 9)"#)
        #expect(node.client("c1").says(connect(past)) == [greeting()])
    }

    @Test func `the token of the upgrade request admits without another`() async throws {
        let token = Issuer.token(user: "42", #""exp":\#(Node.start + 60)"#)
        let client = try await Node().client("c1", upgradeToken: token)
        #expect(client.makes(bare) == ["send " + greeting(#","expires":true,"ttl":60"#), "admitted"])
        #expect(client.session.user == "42")
        #expect(client.notes.first == "authenticated upgrade")
    }

    @Test func `a token in the connect command counts before the one of the upgrade`() async throws {
        let node = try await Node()
        let client = node.client("c1", upgradeToken: Issuer.token(user: "42"))
        #expect(client.says(connect("garbage")) == [close(3500)])
        let other = node.client("c1", upgradeToken: Issuer.token(user: "42"))
        other.says(connect(Issuer.token(user: "43")))
        #expect(other.session.user == "43")
    }

    @Test func `native pings and no pings are not promised in the connect result`() async throws {
        let quiet = #"{"id":1,"connect":{"client":"c1","version":"relay 0.1.0"}}"#
        let node = try await Node { $0.allowsAnonymous = true }
        #expect(node.client("c1", usesNativePing: true).says(bare) == [quiet])
        let pingless = try await Node {
            $0.allowsAnonymous = true
            $0.pingSeconds = 0
        }
        #expect(pingless.client("c1").says(bare) == [quiet])
    }

    @Test(
        "a second connect closes with 3501, whatever the first one was", arguments: [true, false]
    ) func second(isOneFrame: Bool) async throws {
        let node = try await Node { $0.allowsAnonymous = true }
        let client = node.client("c1")
        if isOneFrame {
            #expect(client.says(bare + "\n" + bare) == [greeting(), close(3501)])
        } else {
            client.says(bare)
            #expect(client.says(bare) == [close(3501)])
        }
    }

    @Test func `connections of a user above the limit close with 3504 and a place is free after the end`()
        async throws
    {
        let node = try await Node { $0.limits.user.connections = 2 }
        let (first, _) = (node.connected("c1", user: "42"), node.connected("c2", user: "42"))
        let third = node.client("c3")
        #expect(third.says(connect(Issuer.token(user: "42"))) == [close(3504)])
        #expect(third.did == ["verify connection", "close 3504"])
        #expect(!third.session.isOpen)
        third.leaves()
        #expect(node.client("c4").says(connect(Issuer.token(user: "42"))) == [close(3504)])
        #expect(outcome(node.client("c5").says(connect(Issuer.token(user: "43")))) == "ok")
        first.leaves()
        first.leaves()
        #expect(outcome(node.client("c6").says(connect(Issuer.token(user: "42")))) == "ok")
        #expect(node.client("c7").says(connect(Issuer.token(user: "42"))) == [close(3504)])
    }

    @Test func `anonymous users are not counted together`() async throws {
        let node = try await Node {
            $0.allowsAnonymous = true
            $0.limits.user.connections = 1
        }
        for id in ["c1", "c2", "c3"] { #expect(outcome(node.client(id).says(bare)) == "ok") }
        #expect(node.users.keyCount == 0)
    }

    @Test(
        "a connection limit that is switched off or only tried out refuses nobody and counts all the same",
        arguments: [(false, false), (true, true)]
    ) func unlimited(isEnabled: Bool, isDryRun: Bool) async throws {
        let node = try await Node {
            $0.limits.user.connections = 1
            $0.limits.enabled = isEnabled
            $0.limits.dryRun = isDryRun
        }
        let clients = ["c1", "c2", "c3"].map { node.connected($0, user: "42") }
        #expect(clients.allSatisfy { $0.session.isOpen })
        #expect(node.users.keyCount == 1)
        for client in clients { client.leaves() }
        #expect(node.users.keyCount == 0)
    }

    @Test func `a node that fails to verify asks to come back`() async throws {
        let node = try await Node()
        node.holdsTokens = true
        let client = node.client("c1")
        client.says(connect(Issuer.token(user: "42")))
        #expect(client.isOverloaded() == [error(100, id: 1)])
        #expect(client.did.last == "await close")
    }
}
