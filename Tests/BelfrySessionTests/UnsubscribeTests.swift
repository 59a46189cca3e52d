import BelfryProtocol
import BelfrySession
import Testing

/// protocol.md 9.7 and 11: unsubscribe never fails, and generations of a subscription are never mixed up.
@Suite struct UnsubscribeTests {
    private func subscribe(_ id: Int, _ channel: String = "chat:a") -> String {
        #"{"id":\#(id),"subscribe":{"channel":"\#(channel)"}}"#
    }
    private func unsubscribe(_ id: Int, _ channel: String = "chat:a") -> String {
        #"{"id":\#(id),"unsubscribe":{"channel":"\#(channel)"}}"#
    }
    private func subscribed(_ id: Int) -> String { #"{"id":\#(id),"subscribe":{}}"# }
    private func unsubscribed(_ id: Int) -> String { #"{"id":\#(id),"unsubscribe":{}}"# }

    @Test(
        "an unsubscribe of anything that is not subscribed succeeds",
        arguments: ["chat:never", "nobody:a", "x:y", "grün", String(repeating: "x", count: 300)]
    ) func never(channel: String) async throws {
        let client = try await Node().connected("c1", user: "42")
        #expect(client.makes(unsubscribe(2, channel)) == ["send " + unsubscribed(2)])
    }

    @Test func `a subscription ends before the reply says so`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        client.says(subscribe(2))
        #expect(
            client.makes(unsubscribe(3)) == [
                "leave chat:a", "ask unsubscribe chat:a", "send " + unsubscribed(3),
            ])
        #expect(client.session.channelCount == 0)
        #expect(node.channelCount == 0)
    }

    @Test func `an unsubscribe of a subscribe in flight is answered after it`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        node.holdsMail = true
        #expect(client.says(subscribe(2) + "\n" + unsubscribe(3)) == [])
        node.deliver()
        #expect(client.heard == [subscribed(2), unsubscribed(3)])
        #expect(client.session.channelCount == 0)
        #expect(node.membershipCount == 0)
        #expect(node.channelCount == 0)
    }

    @Test func `every unsubscribe of a subscribe in flight has its reply`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        node.holdsMail = true
        client.says(subscribe(2) + "\n" + unsubscribe(3) + "\n" + unsubscribe(4))
        node.deliver()
        #expect(client.heard.sorted() == [subscribed(2), unsubscribed(3), unsubscribed(4)])
    }

    @Test("a channel can be left and entered over and over in one frame", arguments: [true, false])
    func generations(isHeld: Bool) async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        let friend = node.connected("c2", user: "43")
        friend.says(subscribe(1))
        node.holdsMail = isHeld
        client.says(
            [subscribe(2), unsubscribe(3), subscribe(4), unsubscribe(5), subscribe(6)]
                .joined(separator: "\n"))
        node.deliver()
        node.holdsMail = false
        #expect(
            client.heard == [subscribed(2), unsubscribed(3), subscribed(4), unsubscribed(5), subscribed(6)])
        #expect(client.session.channels == ["chat:a"])
        #expect(node.membershipCount == 2)
        #expect(
            friend.says(#"{"id":7,"presence_stats":{"channel":"chat:a"}}"#)
                == [#"{"id":7,"presence_stats":{"num_clients":2,"num_users":2}}"#])
        client.forget()
        friend.says(#"{"id":8,"publish":{"channel":"chat:a","data":1}}"#)
        #expect(client.heard.count == 1)
    }

    @Test func `generations are told apart even by a client that repeats its ids`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        node.holdsMail = true
        client.says([subscribe(2), unsubscribe(2), subscribe(2)].joined(separator: "\n"))
        node.deliver()
        #expect(client.heard == [subscribed(2), unsubscribed(2), subscribed(2)])
        #expect(client.session.channels == ["chat:a"])
    }

    @Test func `a new generation does not take the options of the old one`() async throws {
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        node.holdsMail = true
        let token = Issuer.token(user: "42", channel: "chat:a", #""data":1,"exp":\#(Node.start + 60)"#)
        client.says(
            [
                #"{"id":2,"subscribe":{"channel":"chat:a","token":"\#(token)"}}"#, unsubscribe(3),
                subscribe(4),
            ].joined(separator: "\n"))
        node.deliver()
        #expect(
            client.heard == [
                #"{"id":2,"subscribe":{"expires":true,"ttl":60,"data":1}}"#, unsubscribed(3), subscribed(4),
            ])
        #expect(client.session.nextExpiry == nil)
    }

    @Test func `a failed subscribe that was to end anyway answers both`() async throws {
        let node = try await Node(Rules(), broker: FailingBroker(isTemporary: true, failures: 1))
        let friend = node.connected("c2", user: "43")
        let client = node.connected("c1", user: "42")
        node.holdsMail = true
        client.says(subscribe(2) + "\n" + unsubscribe(3))
        node.deliver()
        #expect(client.heard == [error(100), unsubscribed(3)])
        node.holdsMail = false
        friend.says(subscribe(4))
        #expect(node.channelCount == 1)
    }

    @Test func `subscribes in flight are bounded, abandoned ones too`() async throws {
        let node = try await Node { $0.channelsMax = 1 }
        let client = node.connected("c1", user: "42")
        node.holdsMail = true
        let limit = 256
        let rounds = (0..<limit).map { subscribe($0 + 2) + "\n" + unsubscribe($0 + 2) }
        let early = rounds.flatMap { client.says($0) }
        #expect(early.count == 0)
        #expect(client.says(subscribe(999)) == [error(111, id: 999)])
        client.forget()
        node.deliver()
        #expect(client.heard.count == 2 * limit)
        #expect(client.says(subscribe(999)) == [])
    }

    @Test func `a name that only looks like the channel's does not end its subscription`() async throws {
        // U+212A KELVIN SIGN is canonically equivalent to K: equal as text, and yet another name.
        let node = try await Node()
        let client = node.connected("c1", user: "42")
        client.says(subscribe(2, "chat:K"))
        #expect(client.makes(unsubscribe(3, "chat:\u{212A}")) == ["send " + unsubscribed(3)])
        #expect(client.session.channels == ["chat:K"])
    }
}
