import BelfryAuth
import BelfryBytes
import BelfryHub
import BelfryLimits
import BelfryProtocol
import BelfrySession
import Testing

/// What holds however commands, answers, verdicts and the clock interleave.
@Suite struct RandomConversationTests {
    private static let channels = ["chat:a", "chat:b", "$chat:s"]

    @Test("each command has one reply and nothing is left over", arguments: 0..<200 as Range<UInt64>)
    func anything(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let node = try await Node(
            Rules { $0.graceSeconds = 1 }, broker: FailingBroker(isTemporary: true, failures: Int(seed % 4)))
        let crowd = (0..<3).map { node.connected("c\($0)", user: "\($0)") }
        for client in crowd { client.says(#"{"id":2,"subscribe":{"channel":"chat:a","join_leave":true}}"#) }
        var asked = Array(repeating: Set([1, 2]), count: 3)
        for id in 3..<63 {
            let index = Int.random(in: 0..<3, using: &random)
            // While a token is being verified, what the client sends stays in its socket.
            guard !crowd[index].session.isWaiting else { continue }
            if step(crowd[index], id, on: node, using: &random) { asked[index].insert(id) }
        }
        settle(node)
        for (client, asked) in zip(crowd, asked) { check(client, asked, seed: seed) }
        #expect(node.membershipCount == crowd.reduce(0) { $0 + $1.session.channelCount }, "seed \(seed)")
        #expect(node.channelCount == Set(crowd.flatMap(\.session.channels)).count, "seed \(seed)")
        for client in crowd { client.leaves() }
        #expect((node.channelCount, node.membershipCount, node.users.keyCount) == (0, 0, 0), "seed \(seed)")
    }

    /// - Returns: Whether the step was a command with this id.
    private func step(
        _ client: Conversation, _ id: Int, on node: Node, using random: inout SplitMix64
    ) -> Bool {
        switch Int.random(in: 0..<14, using: &random) {
        case 0: node.holdsMail.toggle()
        case 1: node.holdsTokens.toggle()
        case 2: node.deliver()
        case 3: node.judge()
        case 4:
            node.seconds += 1
            client.expires()
        case 5 where Int.random(in: 0..<20, using: &random) == 0: client.leaves()
        case 6, 7:
            let deed = deed(using: &random)
            client.happens { _ = $0.carryOut(deed, at: node.clock, into: &$1) }
        default:
            client.says(command(id, of: client.session.user, using: &random))
            return true
        }
        return false
    }

    /// What the server does of its own accord.
    private func deed(using random: inout SplitMix64) -> ServerDeed {
        let channel = Self.channels.randomElement(using: &random) ?? ""
        guard Bool.random(using: &random) else { return .unsubscribe(channel: channel, .server) }
        return .subscribe(
            ServerSubscribe(channel: channel, options: Rules.chat, override: SubscriptionOptions()))
    }

    private func command(_ id: Int, of user: String, using random: inout SplitMix64) -> String {
        let channel = Self.channels.randomElement(using: &random) ?? ""
        let exp = #""exp":\#(Node.start + Int64.random(in: 1..<100, using: &random))"#
        let token = #""token":"\#(Issuer.token(user: user, channel: channel, exp))""#
        let request =
            switch Int.random(in: 0..<8, using: &random) {
            case 0: #""subscribe":{"channel":"\#(channel)"}"#
            case 1: #""subscribe":{"channel":"\#(channel)","join_leave":true,\#(token)}"#
            case 2, 3: #""unsubscribe":{"channel":"\#(channel)"}"#
            case 4: #""publish":{"channel":"\#(channel)","data":\#(id)}"#
            case 5: #""presence_stats":{"channel":"\#(channel)"}"#
            case 6: #""sub_refresh":{"channel":"\#(channel)",\#(token)}"#
            default: #""refresh":{"token":"\#(Issuer.token(user: user))"}"#
            }
        return #"{"id":\#(id),\#(request)}"#
    }

    private func settle(_ node: Node) {
        (node.holdsMail, node.holdsTokens) = (false, false)
        node.judge()
        node.deliver()
    }

    private func check(_ client: Conversation, _ asked: Set<Int>, seed: UInt64) {
        let replies = client.all.filter { $0.hasPrefix(#"{"id""#) }.compactMap(Self.id)
        #expect(
            Set(replies).count == replies.count, "a command was answered twice, seed \(seed): \(client.all)")
        guard client.session.isOpen else { return }
        #expect(Set(replies) == asked, "a command has no answer, seed \(seed)")
        #expect(client.strangePushes == [], "seed \(seed)")
    }

    private static func id(_ reply: String) -> Int? {
        Int(reply.drop { !$0.isNumber }.prefix { $0.isNumber })
    }
}
