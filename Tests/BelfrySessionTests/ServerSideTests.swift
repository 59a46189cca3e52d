import BelfryBroker
import BelfryBytes
import BelfryHub
import BelfryProtocol
import Testing

@testable import BelfrySession

/// protocol.md 13 and 18.5: the channels that come with the connect.
@Suite struct ServerSideTests {
    private static let room = ChannelOptions {
        $0.historySize = 9
        $0.historyTTL = .seconds(60)
        $0.forceRecovery = true
        $0.allowSubscribeForClient = true
        $0.allowPublishForClient = true
    }

    private func node(_ change: (inout Rules) -> Void = { _ in }) async throws -> Node {
        try await Node {
            $0.namespaces["room"] = Self.room
            change(&$0)
        }
    }

    private func connect(_ claims: String, user: String = "42", wishes: String = "") -> String {
        let token = Issuer.token(user: user, claims)
        return #"{"id":1,"connect":{"token":"\#(token)"\#(wishes)}}"#
    }

    private func wish(_ channel: String, _ members: String = "") -> String {
        #","subs":{"\#(channel)":{\#(members)}}"#
    }

    @Test func `channels of a token are in the connect reply, and their publications come`() async throws {
        let node = try await node()
        let client = node.client("c1")
        let reply = client.says(connect(#""channels":["room:a","chat:b","room:a"]"#))
        #expect(reply.count == 1)
        #expect(reply[0].contains(#""subs":{"#))
        #expect(reply[0].contains(#""room:a":{"recoverable":true,"epoch":""#), "\(reply)")
        #expect(reply[0].contains(#""chat:b":{}"#), "\(reply)")
        #expect(client.session.channelCount == 2)
        node.connected("c2", user: "1").says(#"{"id":2,"publish":{"channel":"room:a","data":1}}"#)
        #expect(client.heard.last?.contains(#""data":1"#) == true)
    }

    @Test func `a channel's options in a token go into its result and its presence`() async throws {
        let node = try await node()
        let subs = #""subs":{"chat:b":{"data":{"x":1},"info":{"y":2}}}"#
        let client = node.client("c1")
        #expect(client.says(connect(subs))[0].contains(#""chat:b":{"data":{"x":1}}"#))
        let presence = client.says(#"{"id":2,"presence":{"channel":"chat:b"}}"#)
        #expect(presence[0].contains(#""chan_info":{"y":2}"#), "\(presence)")
    }

    @Test func `what comes while channels are entered waits behind the connect reply`() async throws {
        let node = try await node()
        let client = node.client("c1")
        node.holdsMail = true
        #expect(client.says(connect(#""channels":["chat:a","chat:b"]"#)).isEmpty && client.session.isWaiting)
        node.deliver(1)
        // One of them has been entered, the other not.
        for channel in ["chat:a", "chat:b"] {
            let publication = Publication(data: [UInt8]("7".utf8))
            node.hears([.publication(BrokerPublication(channel: channel, publication, position: nil))])
        }
        #expect(client.heard.isEmpty && client.session.isWaiting)
        node.deliver()
        #expect(client.heard.first?.hasPrefix(#"{"id":1,"connect":"#) == true, "\(client.heard)")
        #expect(client.heard.filter { $0.contains(#""data":7"#) }.count == 1)
    }

    @Test func `commands behind the connect wait until its channels are entered`() async throws {
        let node = try await node()
        let client = node.client("c1")
        node.holdsMail = true
        client.says(connect(#""channels":["room:a"]"#) + "\n" + #"{"id":2,"subscribe":{"channel":"room:a"}}"#)
        #expect(client.heard.isEmpty)
        node.deliver()
        #expect(client.heard.count == 2 && outcome([client.heard[1]]) == "105")
    }

    @Test(
        "a connect whose channels cannot be had is refused with the reason",
        arguments: [
            (#""channels":["nobody:a"]"#, "", "102"),
            (#""channels":["chat:grün"]"#, "", "107"),
            (#""channels":["chat:1","chat:2","chat:3"]"#, "", "close 3505"),
            (#""channels":["chat:1"]"#, #","subs":{"chat:2":{},"chat:3":{}}"#, "close 3505"),
            ("", #","subs":{"nobody:a":{}}"#, "close 3501"),
            ("", #","subs":{"chat:grün":{}}"#, "close 3501"),
        ]) func refusals(claims: String, wishes: String, expected: String) async throws
    {
        let node = try await node { $0.channelsMax = 2 }
        #expect(outcome(node.client("c1").says(connect(claims, wishes: wishes))) == expected)
        #expect(node.channelCount == 0 && node.membershipCount == 0)
    }

    @Test func `a wish is granted if the client could subscribe, and left out without a word if not`()
        async throws
    {
        let granted = try await node().client("c1").says(connect("", wishes: wish("room:a")))
        #expect(granted[0].contains(#""subs":{"room:a":{"#))
        let denied = try await node().client("c1").says(connect("", wishes: wish("closed:a")))
        #expect(denied[0].hasPrefix(#"{"id":1,"connect":{"#) && !denied[0].contains("subs"))
    }

    @Test func `who comes back recovers its server-side channels in the connect reply`() async throws {
        let node = try await node()
        let writer = node.connected("w", user: "1")
        writer.says(#"{"id":2,"subscribe":{"channel":"room:a"}}"#)
        for number in 1...3 {
            writer.says(#"{"id":3,"publish":{"channel":"room:a","data":\#(number)}}"#)
        }
        let wishes = wish("room:a", #""recover":true,"offset":0,"epoch":"""#)
        let reply = node.client("c1").says(connect(#""channels":["room:a"]"#, wishes: wishes))
        #expect(reply[0].contains(#""recovered":true"#), "\(reply)")
        #expect((1...3).allSatisfy { reply[0].contains(#""data":\#($0)"#) })
    }

    @Test func `recovered publications of all channels together keep the bound of one reply`() async throws {
        let node = try await node { $0.replyBytesMax = 1_000 }
        let writer = node.connected("w", user: "1")
        for channel in ["room:a", "room:b"] {
            for _ in 1...2 { writer.says(#"{"id":3,"publish":{"channel":"\#(channel)","data":1}}"#) }
        }
        let position = #"{"recover":true,"offset":0,"epoch":""}"#
        let wishes = #","subs":{"room:a":\#(position),"room:b":\#(position)}"#
        let client = node.client("c1")
        let reply = client.says(connect("", wishes: wishes))
        #expect(reply[0].split(separator: #""recovered":true"#).count == 2, "\(reply)")
        #expect(client.notes.contains("recovery limit_exceeded"))
    }

    @Test func `every connection of a user has the personal channel, and anonymous ones have none`()
        async throws
    {
        let node = try await node { $0.personalChannel = PersonalChannel(namespace: "room") }
        #expect(node.client("c1").says(connect(""))[0].contains(#""subs":{"room:#42":{"#))
        #expect(!node.client("c2").says(connect("", user: ""))[0].contains("subs"))
    }

    @Test func `a refresh whose token names other channels closes with 3010`() async throws {
        let client = try await node().client("c1")
        client.says(connect(#""channels":["room:a","chat:b"]"#))
        func refresh(_ claims: String) -> String {
            outcome(
                client.says(#"{"id":3,"refresh":{"token":"\#(Issuer.token(user: "42", claims))"}}"#))
        }
        #expect(refresh(#""channels":["chat:b","room:a"]"#) == "ok")
        #expect(refresh(#""channels":["chat:b"]"#) == "close 3010")
    }

    @Test func `a lost position of a server-side channel closes with 3010`() async throws {
        let client = try await node().client("c1")
        client.says(connect(#""channels":["room:a"]"#))
        client.forget()
        client.losesPosition(in: "room:a")
        #expect(client.heard == ["close 3010 insufficient state"])
    }

    @Test func `a home that fails while channels are entered ends the connection, and SDKs come back`()
        async throws
    {
        let node = try await Node(
            Rules { $0.namespaces["room"] = Self.room }, broker: FailingBroker(isTemporary: true, failures: 1)
        )
        let client = node.client("c1")
        #expect(outcome(client.says(connect(#""channels":["room:a"]"#))) == "close 3004")
        #expect(node.membershipCount == 0)
    }

    @Test func `who is still being let in when the time is over may come back, who said nothing not`()
        async throws
    {
        let node = try await node()
        node.holdsMail = true
        let client = node.client("c1")
        client.says(connect(#""channels":["room:a"]"#))
        #expect(client.hasNoTimeLeftToConnect() == [close(3004)])
        node.holdsTokens = true
        let other = node.client("c2")
        other.says(connect(""))
        #expect(other.hasNoTimeLeftToConnect() == [close(3004)])
        #expect(node.client("c3").hasNoTimeLeftToConnect() == [close(3502)])
        node.holdsMail = false
        node.deliver()
        #expect(node.membershipCount == 0 && node.channelCount == 0)
    }

    @Test func `nothing expires before the client is in`() async throws {
        let node = try await node { ($0.leeway, $0.graceSeconds) = (10, 0) }
        node.holdsMail = true
        let client = node.client("c1")
        client.says(connect(#""exp":\#(Node.start - 5),"channels":["room:a"]"#))
        #expect(client.session.isWaiting && client.session.nextExpiry == nil)
        node.deliver()
        #expect(client.session.nextExpiry == Node.start - 5)
    }

    @Test func `what was held for a connect that fails is not heard`() async throws {
        let node = try await node { $0.namespaces["chat"]?.forcePushJoinLeave = true }
        node.holdsMail = true
        let client = node.client("c1")
        client.says(connect(#""channels":["chat:a","chat:b"]"#))
        node.deliver(1)
        #expect(client.session.isWaiting && client.heard == [])
        client.isSentAway(.shutdown)
        node.deliver()
        #expect(client.heard == [close(3001)])
        #expect(node.membershipCount == 0 && node.channelCount == 0)
    }

    @Test(
        "a personal channel is its user's alone",
        arguments: [
            ("a,b", "", "107"), ("a,", "", "107"), ("a:b", "", "107"), ("grün", "", "107"),
            ("a,b", "room", "107"), ("a:b", "room", "ok"), ("a#b", "room", "ok"), ("$a", "", "ok"),
        ]) func personal(user: String, namespace: String, expected: String) async throws
    {
        let node = try await node { $0.personalChannel = PersonalChannel(namespace: namespace) }
        let client = node.client("c1")
        #expect(outcome(client.says(connect("", user: user))) == expected)
        #expect(client.session.channelCount == (expected == "ok" ? 1 : 0))
    }

    @Test func `with single_connection the newest connection of a user stays`() async throws {
        let node = try await node {
            $0.personalChannel = PersonalChannel(namespace: "room", isSingle: true)
            $0.namespaces["room"]?.allowUserLimitedChannels = true
        }
        let (other, first) = (node.connected("c0", user: "7"), node.connected("c1", user: "42"))
        let token = Issuer.token(user: "7", channel: "room:#42")
        #expect(
            outcome(other.says(#"{"id":2,"subscribe":{"channel":"room:#42","token":"\#(token)"}}"#)) == "ok")
        first.forget()
        let second = node.connected("c2", user: "42")
        #expect(first.heard == [close(3504)])
        #expect(second.session.channels == ["room:#42"] && other.session.channelCount == 2)
        second.leaves()
        #expect(node.connected("c3", user: "42").session.channelCount == 1)
    }

    @Test func `of two that come at the same time one stays`() async throws {
        let node = try await node { $0.personalChannel = PersonalChannel(namespace: "room", isSingle: true) }
        node.holdsMail = true
        let clients = [node.client("c1"), node.client("c2")]
        for client in clients { client.says(connect("")) }
        node.deliver()
        #expect(clients[0].heard.last == close(3504))
        #expect(outcome(clients[1].heard) == "ok" && node.membershipCount == 1)
    }

    @Test func `a server-side subscription that is not refreshed closes with 3006`() async throws {
        let client = try await node().client("c1")
        client.says(connect(#""channels":["room:a"]"#))
        client.happens { session, _ in session.subscriptions["room:a"]?.expiresAt = Node.start }
        #expect(client.session.nextExpiry == Node.start + 25)
        #expect(client.expires() == [])
        #expect(client.happens { $0.expire(at: later, into: &$1) } == [close(3006)])
    }

    private var later: SessionClock {
        SessionClock(monotonic: Instant(nanoseconds: 0), unixSeconds: Node.start + 25)
    }

    @Test func `what a bus has lost is noticed without a next publication`() async throws {
        let broker = LossyBroker()
        let node = try await Node(Rules { $0.namespaces["room"] = Self.room }, broker: broker)
        let client = node.connected("c1", user: "42", #""channels":["room:a"]"#)
        let other = node.connected("c2", user: "1")
        other.says(#"{"id":2,"subscribe":{"channel":"room:b"}}"#)
        let bystander = node.connected("c3", user: "2", #""channels":["room:c"]"#)
        broker.weather.isBad = true
        for channel in ["room:a", "room:b"] {
            other.says(#"{"id":3,"publish":{"channel":"\#(channel)","data":1}}"#)
        }
        for one in [client, other, bystander] { one.forget() }
        node.passes(50)
        #expect(client.heard == [close(3010)])
        #expect(
            other.heard == [
                #"{"push":{"channel":"room:b","unsubscribe":{"code":2500,"reason":"insufficient state"}}}"#
            ])
        #expect(bystander.heard == [] && bystander.session.channels == ["room:c"])
    }
}
