import BelfryHub
import Testing

/// protocol.md 11: presence and presence_stats.
@Suite struct PresenceTests {
    private let presence = #"{"id":2,"presence":{"channel":"chat:a"}}"#
    private let statistics = #"{"id":3,"presence_stats":{"channel":"chat:a"}}"#
    private let subscribe = #"{"id":4,"subscribe":{"channel":"chat:a"}}"#
    private let unsubscribe = #"{"id":5,"unsubscribe":{"channel":"chat:a"}}"#

    private func present(_ clients: String) -> String { #"{"id":2,"presence":{"presence":{\#(clients)}}}"# }
    private func counted(_ clients: Int, _ users: Int) -> String {
        #"{"id":3,"presence_stats":{"num_clients":\#(clients),"num_users":\#(users)}}"#
    }

    @Test("presence is exact right after the reply", arguments: [true, false])
    func exact(isOneFrame: Bool) async throws {
        let node = try await Node()
        node.holdsMail = isOneFrame
        let client = node.connected("c1", user: "42")
        let frame = [subscribe, presence, statistics, unsubscribe, presence, statistics]
        for message in isOneFrame ? [frame.joined(separator: "\n")] : frame { client.says(message) }
        if !isOneFrame {
            #expect(client.heard == [counted(0, 0)])
            client.says([subscribe, presence, statistics].joined(separator: "\n"))
            #expect(client.heard.suffix(2) == [present(#""c1":{"user":"42","client":"c1"}"#), counted(1, 1)])
            return
        }
        node.deliver()
        #expect(
            client.heard.filter { $0.contains("presence") } == [
                present(#""c1":{"user":"42","client":"c1"}"#), counted(1, 1), present(""), counted(0, 0),
            ])
    }

    @Test func `two connections of a user are one user, and anonymous users are one together`() async throws {
        let node = try await Node {
            $0.allowsAnonymous = true
            $0.namespaces["chat"]?.allowSubscribeForAnonymous = true
        }
        let clients = [("c1", "42"), ("c2", "42"), ("c3", nil), ("c4", nil)].map { (id, user: String?) in
            node.connected(id, user: user)
        }
        for client in clients { client.says(subscribe) }
        #expect(clients[0].says(statistics) == [counted(4, 2)])
        clients[1].leaves()
        clients[2].leaves()
        #expect(clients[0].says(statistics) == [counted(2, 2)])
    }

    @Test(
        "presence is refused for the first reason that holds",
        arguments: [
            ("nobody:a", "102"), ("closed:a", "108"), ("chat:grün", "107"), ("unnamed", "108"),
            ("chat:a", "103"),
        ]) func refused(channel: String, expected: String) async throws
    {
        let node = try await Node { $0.namespaces["chat"]?.allowPresenceForClient = false }
        let client = node.connected("c1", user: "42")
        for command in ["presence", "presence_stats"] {
            #expect(outcome(client.says(#"{"id":2,"\#(command)":{"channel":"\#(channel)"}}"#)) == expected)
            #expect(client.notes.contains("denied presence \(channel)") == (expected == "103"))
        }
    }

    @Test func `who may ask as a subscriber may ask while it is one`() async throws {
        let node = try await Node {
            $0.namespaces["chat"]?.allowPresenceForClient = false
            $0.namespaces["chat"]?.allowPresenceForSubscriber = true
        }
        let client = node.connected("c1", user: "42")
        #expect(client.says(statistics) == [error(103, id: 3)])
        #expect(client.says(subscribe + "\n" + statistics).last == counted(1, 1))
        #expect(client.says(unsubscribe + "\n" + statistics).last == error(103, id: 3))
    }

    @Test func `in insecure mode presence is open where it is on`() async throws {
        let node = try await Node {
            $0.isInsecure = true
            $0.namespaces["chat"]?.allowPresenceForClient = false
        }
        let client = node.connected("c1", user: nil)
        #expect(client.says(statistics) == [counted(0, 0)])
        #expect(client.says(#"{"id":2,"presence":{"channel":"closed:a"}}"#) == [error(108)])
    }
}
