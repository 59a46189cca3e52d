import BelfryAuth
import BelfryBroker
import BelfryHub
import BelfryProtocol
import BelfrySession
import Testing

/// What the server API does to live connections (protocol.md 13, 15 and 16).
@Suite struct DeedTests {
    private static let room = ChannelOptions {
        $0.historySize = 9
        $0.historyTTL = .seconds(60)
        $0.forceRecovery = true
        $0.presence = true
        $0.allowSubscribeForClient = true
        $0.allowPublishForClient = true
        $0.allowPresenceForClient = true
    }

    private func node(_ change: (inout Rules) -> Void = { _ in }) async throws -> Node {
        try await Node {
            $0.namespaces["room"] = Self.room
            change(&$0)
        }
    }

    private func subscribe(
        _ channel: String, since: StreamPosition? = nil,
        _ change: (inout SubscriptionOptions) -> Void = { _ in }
    ) -> ServerDeed {
        var override = SubscriptionOptions()
        change(&override)
        let options = channel.hasPrefix("chat:") ? Rules.chat : Self.room
        return .subscribe(
            ServerSubscribe(channel: channel, options: options, override: override, since: since))
    }

    /// What the client hears, and why it was not done.
    private func `do`(_ deed: ServerDeed, to client: Conversation, on node: Node) -> (
        heard: [String], error: ErrorCode?
    ) {
        var error: ErrorCode?
        client.happens { error = $0.carryOut(deed, at: node.clock, into: &$1) }
        return (client.heard, error)
    }

    @Test func `a live connection is subscribed by a push, and publications follow`() async throws {
        let node = try await node()
        let client = node.connected("c1", user: "42")
        let (heard, error) = self.do(subscribe("room:a"), to: client, on: node)
        #expect(error == nil && heard.count == 1)
        #expect(heard[0].hasPrefix(#"{"push":{"channel":"room:a","subscribe":{"recoverable":true,"epoch":""#))
        node.connected("c2", user: "1").says(#"{"id":2,"publish":{"channel":"room:a","data":1}}"#)
        #expect(client.heard.last?.contains(#""data":1"#) == true)
        #expect(client.strangePushes.isEmpty)
    }

    @Test func `info, data and override count for the subscription`() async throws {
        let node = try await node()
        let client = node.connected("c1", user: "42")
        let deed = subscribe("chat:a") {
            $0.info = ClaimData(Array("1".utf8), isJSON: true)
            $0.data = ClaimData(Array("2".utf8), isJSON: true)
            $0.joinLeave = false
        }
        #expect(
            self.do(deed, to: client, on: node).heard == [
                #"{"push":{"channel":"chat:a","subscribe":{"data":2}}}"#
            ])
        #expect(client.says(#"{"id":2,"presence":{"channel":"chat:a"}}"#)[0].contains(#""chan_info":1"#))
    }

    @Test func `what was missed comes behind the push, from the position given`() async throws {
        let node = try await node()
        let writer = node.connected("w", user: "1")
        for number in 1...3 { writer.says(#"{"id":3,"publish":{"channel":"room:a","data":\#(number)}}"#) }
        let client = node.connected("c1", user: "42")
        let heard = self.do(
            subscribe("room:a", since: StreamPosition(offset: 1)), to: client, on: node
        ).heard
        #expect(heard.count == 3 && heard[0].contains(#""offset":1,"positioned":true"#), "\(heard)")
        #expect(heard[1].contains(#""data":2"#) && heard[2].contains(#""data":3"#))
        #expect(client.notes.contains("recovery recovered"))
    }

    @Test func `a subscription that is there stays, and the client's own stands in the way`() async throws {
        let node = try await node()
        let client = node.connected("c1", user: "42")
        _ = self.do(subscribe("room:a"), to: client, on: node)
        #expect(self.do(subscribe("room:a"), to: client, on: node) == ([], nil))
        client.says(#"{"id":2,"subscribe":{"channel":"room:b"}}"#)
        #expect(self.do(subscribe("room:b"), to: client, on: node) == ([], .alreadySubscribed))
        #expect(outcome(client.says(#"{"id":3,"subscribe":{"channel":"room:a"}}"#)) == "105")
    }

    @Test func `a connection takes no more channels than it may`() async throws {
        let node = try await node { $0.channelsMax = 1 }
        let client = node.connected("c1", user: "42")
        #expect(self.do(subscribe("room:a"), to: client, on: node).error == nil)
        #expect(self.do(subscribe("room:b"), to: client, on: node).error == .limitExceeded)
    }

    @Test func `a token that subscribes meanwhile does not make two of one`() async throws {
        let node = try await node()
        let client = node.connected("c1", user: "42")
        node.holdsTokens = true
        let token = Issuer.token(user: "42", #""channel":"room:a""#)
        client.says(#"{"id":2,"subscribe":{"channel":"room:a","token":"\#(token)"}}"#)
        _ = self.do(subscribe("room:a"), to: client, on: node)
        client.forget()
        node.judge()
        #expect(outcome(client.heard) == "105" && node.membershipCount == 1)
    }

    @Test func `an unsubscribe is pushed with its code, whoever subscribed`() async throws {
        let node = try await node()
        let client = node.connected("c1", user: "42")
        _ = self.do(subscribe("room:a"), to: client, on: node)
        client.says(#"{"id":2,"subscribe":{"channel":"room:b"}}"#)
        for channel in ["room:a", "room:b"] {
            let heard = self.do(.unsubscribe(channel: channel, .server), to: client, on: node).heard
            #expect(
                heard == [
                    #"{"push":{"channel":"\#(channel)","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}}"#
                ])
        }
        #expect(node.membershipCount == 0 && node.channelCount == 0)
        #expect(self.do(.unsubscribe(channel: "room:a", .server), to: client, on: node) == ([], nil))
    }

    @Test func `a client's subscribe that the server ends before its answer has both`() async throws {
        let node = try await node()
        let client = node.connected("c1", user: "42")
        node.holdsMail = true
        client.says(#"{"id":2,"subscribe":{"channel":"room:a"}}"#)
        #expect(self.do(.unsubscribe(channel: "room:a", .server), to: client, on: node) == ([], nil))
        client.forget()
        node.deliver()
        #expect(
            client.heard.count == 2 && client.heard[0].hasPrefix(#"{"id":2,"subscribe":"#), "\(client.heard)")
        #expect(client.heard[1].contains(#""unsubscribe":{"code":2000"#))
        #expect(node.membershipCount == 0 && node.channelCount == 0)
    }

    @Test func `a live subscription that ends before its answer ends in silence, and the next one holds`()
        async throws
    {
        let node = try await node()
        let client = node.connected("c1", user: "42")
        node.holdsMail = true
        _ = self.do(subscribe("room:a"), to: client, on: node)
        _ = self.do(.unsubscribe(channel: "room:a", .server), to: client, on: node)
        client.says(#"{"id":2,"unsubscribe":{"channel":"room:a"}}"#)
        _ = self.do(subscribe("room:a"), to: client, on: node)
        client.forget()
        node.deliver()
        #expect(client.heard.count == 1 && client.heard[0].contains(#""subscribe":{"#), "\(client.heard)")
        #expect(node.membershipCount == 1)
        client.leaves()
        node.deliver()
        #expect(node.membershipCount == 0 && node.channelCount == 0)
    }

    @Test func `the client may end what the server began`() async throws {
        let node = try await node()
        let client = node.connected("c1", user: "42")
        node.holdsMail = true
        _ = self.do(subscribe("room:a"), to: client, on: node)
        #expect(
            client.says(#"{"id":2,"unsubscribe":{"channel":"room:a"}}"#) == [#"{"id":2,"unsubscribe":{}}"#])
        node.deliver()
        #expect(client.heard.count == 1 && node.membershipCount == 0)
    }

    @Test func `a home that fails leaves no live subscription behind`() async throws {
        let node = try await Node(
            Rules { $0.namespaces["room"] = Self.room }, broker: FailingBroker(isTemporary: true, failures: 1)
        )
        let client = node.connected("c1", user: "42")
        #expect(self.do(subscribe("room:a"), to: client, on: node).heard.isEmpty)
        #expect(client.session.channelCount == 0 && node.membershipCount == 0 && node.channelCount == 0)
    }

    @Test func `a disconnect closes with its code`() async throws {
        let node = try await node()
        let client = node.connected("c1", user: "42")
        #expect(
            self.do(.disconnect(.forceDisconnect), to: client, on: node).heard
                == ["close 3503 force disconnect"])
    }

    @Test func `a refresh moves the end of a connection, takes it away, or is the end`() async throws {
        let node = try await node()
        let client = node.connected("c1", user: "42")
        #expect(self.do(.refresh(until: Node.start + 100), to: client, on: node) == ([], nil))
        #expect(client.session.nextExpiry == Node.start + 125)
        #expect(self.do(.refresh(until: nil), to: client, on: node) == ([], nil))
        #expect(client.session.nextExpiry == nil)
        #expect(
            self.do(.refresh(until: Node.start), to: client, on: node).heard
                == ["close 3005 connection expired"])
    }

    @Test func `only authenticated connections of that user are meant`() async throws {
        let node = try await node { $0.allowsAnonymous = true }
        let (known, stranger) = (node.connected("c1", user: "K"), node.client("c2"))
        let anonymous = node.connected("c3", user: nil)
        func meant(_ choice: ConnectionChoice) -> [Bool] {
            [known, stranger, anonymous].map { $0.session.isMeant(by: choice) }
        }
        #expect(meant(ConnectionChoice(user: "K")) == [true, false, false])
        #expect(meant(ConnectionChoice(user: "\u{212A}")) == [false, false, false])
        #expect(meant(ConnectionChoice(user: "K", client: "c1")) == [true, false, false])
        #expect(meant(ConnectionChoice(user: "K", client: "c3")) == [false, false, false])
        #expect(meant(ConnectionChoice(user: "K", spared: ["c1"])) == [false, false, false])
        #expect(meant(ConnectionChoice(user: "", client: "c3")) == [false, false, true])
        #expect(meant(ConnectionChoice(user: "", client: "c2")) == [false, false, false])
    }
}
