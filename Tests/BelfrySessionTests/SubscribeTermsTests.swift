import BelfryBroker
import BelfryHub
import BelfryProtocol
import Testing

/// protocol.md 19 and 20: patches and filters, as a client is granted and sent them.
@Suite struct SubscribeTermsTests {
    private func node(_ change: (inout ChannelOptions) -> Void = { _ in }) async throws -> Node {
        var options = ChannelOptions {
            $0.historySize = 9
            $0.historyTTL = .seconds(60)
            $0.allowPositioning = true
            $0.allowRecovery = true
            $0.allowedDeltaTypes = [.fossil]
            $0.allowTagsFilter = true
            $0.allowSubscribeForClient = true
            $0.allowPublishForClient = true
        }
        change(&options)
        return try await Node { $0.namespaces["room"] = options }
    }

    private func subscribe(_ wishes: String) -> String {
        #"{"id":2,"subscribe":{"channel":"room:a",\#(wishes),"flag":1}}"#
    }

    private func isDelta(_ node: Node, _ wishes: String) -> Bool {
        let client = node.connected("c", user: "42")
        let reply = client.says(subscribe(wishes)).first ?? ""
        #expect(reply.hasPrefix(#"{"id":2,"subscribe":{"#))
        return reply.contains(#""delta":true"#)
    }

    @Test func `delta is granted where the channel allows it and the order is promised`() async throws {
        #expect(isDelta(try await node(), #""delta":"fossil","positioned":true"#))
        #expect(isDelta(try await node(), #""delta":"fossil","recoverable":true"#))
        #expect(!isDelta(try await node(), #""positioned":true"#))
        #expect(!isDelta(try await node(), #""delta":"fossil""#))
        #expect(
            !isDelta(try await node { $0.allowedDeltaTypes = [] }, #""delta":"fossil","positioned":true"#))
    }

    @Test func `with delta the data of recovered publications is a string that holds the text`() async throws
    {
        let node = try await node()
        let writer = node.connected("w", user: "1")
        writer.says(subscribe(#""positioned":true"#))
        writer.says(#"{"id":3,"publish":{"channel":"room:a","data":{"say":"hi"}}}"#)
        let client = node.connected("c", user: "2")
        let wishes = #""recover":true,"recoverable":true,"epoch":"","offset":0"#
        let reply = try #require(client.says(subscribe(wishes + #","delta":"fossil""#)).first)
        #expect(reply.contains(#""data":"{\"say\":\"hi\"}""#), "\(reply)")
        let plain = try #require(node.connected("d", user: "3").says(subscribe(wishes)).first)
        #expect(plain.contains(#""data":{"say":"hi"}"#), "\(plain)")
    }

    private let cats = #""tf":{"key":"kind","cmp":"eq","val":"cat"}"#

    @Test(
        "a filter that cannot be had is answered 107",
        arguments: [
            (true, #""tf":{"key":"kind","cmp":"eq","val":"cat"}"#, "ok"),
            (false, #""tf":{"key":"kind","cmp":"eq","val":"cat"}"#, "107"),
            (true, #""tf":{"key":"kind","cmp":"like","val":"cat"}"#, "107"),
            (true, #""tf":{"op":"not"}"#, "107"),
            (true, #""tf":{"key":"kind","cmp":"eq","val":"cat"},"delta":"fossil""#, "107"),
        ]) func refusals(isAllowed: Bool, wishes: String, expected: String) async throws
    {
        let client = try await node { $0.allowTagsFilter = isAllowed }.connected("c", user: "42")
        #expect(outcome(client.says(subscribe(wishes))) == expected)
    }

    private func tagged(_ kind: String, _ offset: UInt64, _ epoch: String) -> BrokerEvent {
        var publication = Publication(data: Array(#""\#(kind)""#.utf8))
        publication.tags = [Tag("kind", kind)]
        publication.offset = offset
        return .publication(
            BrokerPublication(
                channel: "room:a", publication, position: StreamPosition(offset: offset, epoch: epoch)))
    }

    @Test func `a subscriber with a filter hears only what passes, and its position counts the rest`()
        async throws
    {
        let node = try await node()
        let client = node.connected("c", user: "42")
        let reply = try #require(client.says(subscribe(#""positioned":true,"# + cats)).first)
        let epoch = try #require(
            reply.split(separator: #""epoch":""#).last?.split(separator: "\"").first.map(String.init))
        client.forget()
        node.hears([tagged("dog", 1, epoch), tagged("cat", 2, epoch), tagged("dog", 3, epoch)])
        node.hears([tagged("cat", 4, epoch)])
        #expect(client.heard.count == 2)
        #expect(client.heard.allSatisfy { $0.contains(#""data":"cat""#) })
        #expect(!client.notes.contains("position lost"))
    }
}
