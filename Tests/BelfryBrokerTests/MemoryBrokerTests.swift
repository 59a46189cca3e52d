import BelfryBroker
import BelfryProtocol
import BrokerContract
import Testing

@Suite("Memory broker")
struct MemoryBrokerTests {
    @Test("keeps the contract", arguments: BrokerContract.rules)
    func contract(rule: BrokerContract.Rule) throws { try rule.prove(BrokerBench { MemoryBroker(seed: 1) }) }

    @Test func `two lives of a node have different epochs`() throws {
        let policy = try #require(HistoryPolicy(size: 1, ttl: .seconds(1)))
        let first = try BrokerBench { MemoryBroker(seed: 1) }.subscribe("a", policy)
        let second = try BrokerBench { MemoryBroker(seed: 2) }.subscribe("a", policy)
        #expect(first?.epoch != second?.epoch)
    }
}

@Suite("Presence")
struct MemoryPresenceTests {
    @Test func `two connections of a user are two clients and one user`() {
        var presence = MemoryPresence()
        presence.add(ClientInfo(user: "u", client: "a"), to: "c")
        presence.add(ClientInfo(user: "u", client: "b"), to: "c")
        presence.add(ClientInfo(user: "", client: "d"), to: "c")
        #expect(presence.statistics(of: "c") == PresenceStatistics(clients: 3, users: 2))
        presence.remove(client: "a", from: "c")
        #expect(presence.statistics(of: "c") == PresenceStatistics(clients: 2, users: 2))
        presence.remove(client: "b", from: "c")
        #expect(presence.statistics(of: "c") == PresenceStatistics(clients: 1, users: 1))
    }

    @Test func `a client added twice is present once`() {
        var presence = MemoryPresence()
        presence.add(ClientInfo(user: "u", client: "a"), to: "c")
        presence.add(ClientInfo(user: "v", client: "a"), to: "c")
        #expect(presence.statistics(of: "c") == PresenceStatistics(clients: 1, users: 1))
        #expect(presence.clients(of: "c").map(\.user) == ["v"])
    }
}
