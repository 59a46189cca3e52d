import BelfryHub
import BelfryProtocol
import BelfrySession
import Testing

/// What the claim `caps` of a connection token opens, and when it closes again.
@Suite struct SessionCapabilitiesTests {
    private func caps(_ channel: String, _ operations: String, match: String = "wildcard") -> String {
        let allow = operations.split(separator: " ").map { "\"\($0)\"" }.joined(separator: ",")
        return #""caps":[{"channels":["\#(channel)"],"match":"\#(match)","allow":[\#(allow)]}]"#
    }

    private func closed(_ change: (inout ChannelOptions) -> Void = { _ in }) async throws -> Node {
        let options = ChannelOptions(change)
        return try await Node { $0.unnamed = options }
    }

    private func refresh(_ client: Conversation, _ claims: String) -> [String] {
        client.says(#"{"id":9,"refresh":{"token":"\#(Issuer.token(user: "42", claims))"}}"#)
    }

    private let subscribe = #"{"id":2,"subscribe":{"channel":"a"}}"#
    private let publish = #"{"id":3,"publish":{"channel":"a","data":1}}"#

    @Test func `caps open what the options of the channel leave closed`() async throws {
        let node = try await closed { $0.presence = true }
        let commands = [subscribe, publish, #"{"id":4,"presence":{"channel":"a"}}"#]
        for (operation, index) in [("sub", 0), ("pub", 1), ("prs", 2)] {
            let client = node.connected("c\(index)", user: "42", caps("*", operation))
            for (number, command) in commands.enumerated() {
                let isRefused = client.says(command).first?.contains(#""code":103"#) == true
                #expect(isRefused == (number != index), "\(operation): \(command)")
            }
        }
    }

    @Test func `caps do not close what the options open`() async throws {
        let node = try await closed { $0.allowSubscribeForClient = true }
        let client = node.connected("c1", user: "42", caps("a", "pub", match: ""))
        #expect(client.says(subscribe) == [#"{"id":2,"subscribe":{}}"#])
    }

    @Test func `a private channel needs its token whatever caps say`() async throws {
        let node = try await closed()
        let client = node.connected("c1", user: "42", caps("$a", "sub", match: ""))
        #expect(client.says(#"{"id":2,"subscribe":{"channel":"$a"}}"#).first?.contains("103") == true)
        #expect(client.notes.contains("denied subscribe $a"))
    }

    @Test func `hst lets a client ask for a position and for recovery`() async throws {
        let node = try await closed {
            $0.historySize = 10
            $0.historyTTL = .seconds(60)
        }
        let ask = #"{"id":2,"subscribe":{"channel":"a","positioned":true,"recoverable":true}}"#
        let with = node.connected("c1", user: "42", caps("a", "sub hst", match: ""))
        #expect(with.says(ask).first?.contains(#""recoverable":true"#) == true)
        #expect(with.says(#"{"id":4,"history":{"channel":"a"}}"#).first?.contains(#""history":"#) == true)
        let without = node.connected("c2", user: "42", caps("a", "sub", match: ""))
        #expect(without.says(ask) == [#"{"id":2,"subscribe":{}}"#])
    }

    @Test func `a refresh brings new caps, and ends what only the old ones opened`() async throws {
        let node = try await closed()
        let client = node.connected("c1", user: "42", caps("*", "sub"))
        client.says(subscribe)
        #expect(client.says(publish).first?.contains("103") == true)
        #expect(refresh(client, caps("a", "sub pub", match: "")) == [#"{"id":9,"refresh":{}}"#])
        #expect(client.session.channels == ["a"])
        #expect(client.says(publish).last == #"{"id":3,"publish":{}}"#)
        #expect(
            refresh(client, caps("b", "sub", match: "")) == [
                #"{"id":9,"refresh":{}}"#,
                #"{"push":{"channel":"a","unsubscribe":{"code":2502,"reason":"state invalidated"}}}"#,
            ])
        #expect(client.session.channels == [])
        #expect(node.membershipCount == 0)
        #expect(client.says(subscribe).first?.contains("103") == true)
    }

    @Test func `a subscription that stands on another rule outlives its caps`() async throws {
        let node = try await closed { $0.allowSubscribeForClient = true }
        let client = node.connected("c1", user: "42", caps("b", "sub"))
        client.says(subscribe)
        #expect(refresh(client, "") == [#"{"id":9,"refresh":{}}"#])
        #expect(client.session.channels == ["a"])
        // In by caps, and by now the options would do as well.
        let other = node.connected("c2", user: "42", caps("a", "sub"))
        other.says(subscribe)
        #expect(refresh(other, "") == [#"{"id":9,"refresh":{}}"#])
        #expect(other.session.channels == ["a"])
    }

    @Test func `a subscribe that is still on its way when its caps go is refused once`() async throws {
        let node = try await closed()
        let client = node.connected("c1", user: "42", caps("*", "sub"))
        node.holdsMail = true
        #expect(client.says(subscribe) == [])
        let heard = refresh(client, "")
        #expect(heard.first == #"{"id":9,"refresh":{}}"#)
        #expect(heard.last?.contains(#""id":2"#) == true && heard.last?.contains("103") == true)
        client.forget()
        node.deliver()
        #expect(client.heard == [])
        #expect(node.membershipCount == 0)
        #expect(node.channelCount == 0)
    }

    @Test func `a client's wishes at connect are granted by caps as well`() async throws {
        let node = try await closed()
        let client = node.client("c1")
        let token = Issuer.token(user: "42", caps("a", "sub"))
        let heard = client.says(#"{"id":1,"connect":{"token":"\#(token)","subs":{"a":{},"b":{}}}}"#)
        #expect(heard.first?.contains(#""subs":{"a":{}}"#) == true)
        #expect(client.session.channels == ["a"])
        #expect(refresh(client, "") == [#"{"id":9,"refresh":{}}"#, "close 3010 insufficient state"])
    }
}
