import BelfryBroker
import BelfryHub
import BelfryProtocol
import Testing

/// protocol.md 10.5: the history command; 9.5 and 10: positions and recovery, as a client sees them.
@Suite struct HistoryTests {
    private static let room = ChannelOptions {
        $0.historySize = 3
        $0.historyTTL = .seconds(60)
        $0.forceRecovery = true
        $0.allowSubscribeForClient = true
        $0.allowPublishForClient = true
        $0.allowHistoryForSubscriber = true
    }

    private func node(_ change: (inout ChannelOptions) -> Void = { _ in }) async throws -> Node {
        var options = Self.room
        change(&options)
        return try await Node { $0.namespaces["room"] = options }
    }

    private func publish(_ numbers: ClosedRange<Int>, _ client: Conversation) {
        for number in numbers {
            client.says(#"{"id":9,"publish":{"channel":"room:a","data":\#(number)}}"#)
        }
    }

    private func epoch(of client: Conversation) throws -> String {
        let reply = try #require(client.says(#"{"id":8,"history":{"channel":"room:a"}}"#).first)
        return try #require(
            reply.split(separator: #""epoch":""#).last?.split(separator: "\"").first.map(String.init))
    }

    private let subscribe = #"{"id":2,"subscribe":{"channel":"room:a"}}"#

    private func recover(_ offset: Int, _ epoch: String, flag: Int = 0) -> String {
        #"{"id":2,"subscribe":{"channel":"room:a","recover":true,"epoch":"\#(epoch)","offset":\#(offset),"flag":\#(flag)}}"#
    }

    @Test(
        "history is refused as presence is",
        arguments: [("chat:a", "108"), ("nobody:a", "102"), ("chat:grün", "107"), ("room:a", "103")]
    ) func refusals(channel: String, expected: String) async throws {
        let client = try await node().connected("c1", user: "42")
        #expect(outcome(client.says(#"{"id":2,"history":{"channel":"\#(channel)","limit":-1}}"#)) == expected)
    }

    @Test func `a page is read forwards, backwards and from a position`() async throws {
        let client = try await node().connected("c1", user: "42")
        client.says(subscribe)
        publish(1...4, client)
        let epoch = try epoch(of: client)
        func page(_ query: String) -> [Int] {
            let reply = client.says(#"{"id":3,"history":{"channel":"room:a",\#(query)}}"#).first ?? ""
            return reply.split(separator: #""data":"#).dropFirst().compactMap { $0.first?.wholeNumberValue }
        }
        #expect(page(#""limit":-1"#) == [2, 3, 4])
        #expect(page(#""limit":2"#) == [2, 3])
        #expect(page(#""limit":2,"reverse":true"#) == [4, 3])
        #expect(page(#""limit":-1,"since":{"offset":3,"epoch":"\#(epoch)"}"#) == [4])
        #expect(page(#""limit":0"#) == [])
        let other = #"{"id":3,"history":{"channel":"room:a","since":{"offset":1,"epoch":"other"}}}"#
        #expect(outcome(client.says(other)) == "112")
        let senseless =
            #"{"id":3,"history":{"channel":"room:a","reverse":true,"since":{"offset":0,"epoch":""}}}"#
        #expect(outcome(client.says(senseless)) == "107")
    }

    @Test func `who comes back gets what it missed, then what is live, each once`() async throws {
        let node = try await node()
        let writer = node.connected("w", user: "1")
        writer.says(subscribe)
        publish(1...1, writer)
        let epoch = try epoch(of: writer)
        publish(2...3, writer)
        let client = node.connected("c", user: "2")
        let reply = try #require(client.says(recover(1, epoch)).first)
        #expect(reply.contains(#""recovered":true"#))
        #expect(
            reply.contains(#""offset":1"#) && reply.contains(#""data":2"#) && reply.contains(#""data":3"#))
        #expect(client.notes.contains("recovery recovered"))
        client.forget()
        publish(4...4, writer)
        #expect(client.heard.count == 1 && client.heard[0].contains(#""offset":4"#))
    }

    @Test func `who missed too much is told so, or refused where it asked for that`() async throws {
        let node = try await node()
        let writer = node.connected("w", user: "1")
        writer.says(subscribe)
        publish(1...1, writer)
        let epoch = try epoch(of: writer)
        publish(2...6, writer)
        let client = node.connected("c", user: "2")
        #expect(outcome(client.says(recover(1, epoch, flag: 2))) == "112")
        let reply = try #require(client.says(recover(1, epoch)).first)
        #expect(reply.contains(#""was_recovering":true"#) && !reply.contains(#""recovered":true"#))
        #expect(client.notes.contains("recovery trimmed"))
    }

    @Test func `a gap ends positioned subscriptions with 2500 before the next publication`() async throws {
        let node = try await node()
        let client = node.connected("c", user: "2")
        client.says(subscribe)
        publish(1...1, client)
        let epoch = try epoch(of: client)
        client.forget()
        var publication = Publication(data: Array("3".utf8))
        publication.offset = 3
        node.hears([
            .publication(
                BrokerPublication(
                    channel: "room:a", publication, position: StreamPosition(offset: 3, epoch: epoch)))
        ])
        #expect(client.heard.count == 1)
        #expect(client.heard[0].contains(#""unsubscribe":{"code":2500,"reason":"insufficient state"}"#))
        #expect(client.notes == ["position lost"])
        #expect(node.membershipCount == 0)
    }

    @Test func `in cache mode every subscriber gets the latest publication`() async throws {
        let node = try await node {
            $0.forceRecoveryMode = .cache
            $0.autoCacheRecover = true
        }
        let writer = node.connected("w", user: "1")
        writer.says(subscribe)
        publish(1...3, writer)
        let reply = try #require(node.connected("c", user: "2").says(subscribe).first)
        #expect(reply.contains(#""data":3"#) && !reply.contains(#""data":2"#))
        #expect(reply.contains(#""recovered":true"#))
    }

    @Test func `a recovery that would overfill the client's queue is told to be too much`() async throws {
        let node = try await Node {
            $0.namespaces["room"] = Self.room
            $0.replyBytesMax = 600
        }
        let writer = node.connected("w", user: "1")
        writer.says(subscribe)
        publish(1...1, writer)
        let epoch = try epoch(of: writer)
        publish(2...4, writer)
        let client = node.connected("c", user: "2")
        #expect(outcome(client.says(recover(1, epoch, flag: 2))) == "112")
        let reply = try #require(client.says(recover(1, epoch)).first)
        #expect(!reply.contains(#""recovered":true"#) && reply.contains(#""offset":4"#))
        #expect(client.notes.contains("recovery limit_exceeded"))
        client.forget()
        publish(5...5, writer)
        #expect(client.heard.count == 1 && client.heard[0].contains(#""offset":5"#))
    }

    @Test func `who can not read what it recovers is closed with 3506 and leaves nothing behind`()
        async throws
    {
        let node = try await node()
        let writer = node.connected("w", user: "1")
        writer.says(subscribe)
        publish(1...1, writer)
        let epoch = try epoch(of: writer)
        let binary = Publication(data: [0xff], form: .binary)
        let policy = try #require(Self.room.history)
        node.ask(
            .publish(
                channel: "room:a", binary, PublishOptions(history: policy),
                .call(CallTicket(loop: 0, number: 1))))
        writer.says(#"{"id":9,"unsubscribe":{"channel":"room:a"}}"#)
        let client = node.connected("c", user: "2")
        #expect(outcome(client.says(recover(1, epoch))) == "close 3506")
        #expect(client.did.last == "ask unsubscribe room:a")
        #expect(node.membershipCount == 0)
    }

    @Test func `a page of history ends where the client's queue would overflow`() async throws {
        let node = try await Node {
            $0.namespaces["room"] = Self.room
            $0.replyBytesMax = 600
        }
        let client = node.connected("c", user: "42")
        client.says(subscribe)
        publish(1...3, client)
        let reply = try #require(client.says(#"{"id":3,"history":{"channel":"room:a","limit":-1}}"#).first)
        #expect(reply.contains(#""data":2"#) && !reply.contains(#""data":3"#))
        #expect(reply.contains(#""offset":3,"epoch""#) || reply.contains(#""offset":3"#))
    }

    @Test func `what a token says about recovery counts before the channel's options`() async throws {
        let node = try await node()
        let client = node.connected("c", user: "42")
        let token = Issuer.token(
            user: "42", channel: "room:a", #""override":{"force_recovery":{"value":false}}"#)
        let reply = client.says(#"{"id":2,"subscribe":{"channel":"room:a","token":"\#(token)"}}"#).first ?? ""
        #expect(reply.contains(#""subscribe":{"#) && !reply.contains("recoverable"))
    }
}
