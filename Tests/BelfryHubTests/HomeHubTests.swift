import BelfryBroker
import BelfryBytes
import BelfryHub
import BelfryProtocol
import Testing

@Suite("Home hub")
struct HomeHubTests {
    @Test func `a subscribe is answered before its own join is pushed`() {
        var house = House(loops: 2)
        house.subscribe("ada", loop: 1, announced: true)
        #expect(house.sent == ["1 subscribed 1", "1 join ada"])
    }

    @Test func `a publication goes once to each loop with members and the answer comes after`() {
        var house = House(loops: 3)
        house.subscribe("ada", loop: 0)
        house.subscribe("bob", loop: 2)
        house.subscribe("eve", loop: 2)
        house.sent = []
        house.publish("hi", loop: 1, command: 9)
        #expect(house.sent == ["0 publication hi", "2 publication hi", "1 published 9"])
        #expect(house.encoded == 1)
    }

    @Test func `a publication nobody listens to is accepted and never encoded`() {
        var house = House(loops: 2)
        house.publish("hi", loop: 1, command: 3)
        #expect(house.sent == ["1 published 3"])
        #expect(house.encoded == 0)
    }

    @Test func `a leave reaches those who stay and not the one who left`() {
        var house = House(loops: 2)
        house.subscribe("ada", loop: 0, announced: true)
        house.subscribe("bob", loop: 1, announced: true)
        house.sent = []
        house.unsubscribe("ada", loop: 0, announced: true)
        #expect(house.sent == ["1 leave ada"])
    }

    @Test func `a channel without members is forgotten`() {
        var house = House(loops: 2)
        house.subscribe("ada", loop: 0)
        house.subscribe("bob", loop: 0)
        house.unsubscribe("ada", loop: 0)
        #expect(house.hub.channelCount == 1)
        house.unsubscribe("bob", loop: 0)
        #expect(house.hub.channelCount == 0)
    }

    @Test func `presence holds a client from its subscribe reply until it leaves`() {
        var house = House(loops: 1)
        house.subscribe("ada", loop: 0, present: true)
        house.sent = []
        house.ask(.presenceStatistics(channel: House.channel, house.ticket(0, 5)))
        house.unsubscribe("ada", loop: 0, present: true)
        house.ask(.presenceStatistics(channel: House.channel, house.ticket(0, 6)))
        #expect(house.sent == ["0 stats 1 1", "0 stats 0 0"])
    }

    @Test func `unsubscribing without a subscription changes nothing`() {
        var house = House(loops: 1)
        house.unsubscribe("nobody", loop: 0, present: true, announced: true)
        #expect(house.sent.isEmpty)
        #expect(house.hub.channelCount == 0)
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

@Suite("Local hub")
struct LocalHubTests {
    @Test("members can leave in any order from channels of any size", arguments: [1, 2, 31, 32, 33, 34, 200])
    func anyOrder(size: Int) {
        var hub = LocalHub()
        for connection in 0..<size {
            hub.join(Member(connection: UInt64(connection), receivesJoins: false), channel: "c")
        }
        var left = Set((0..<size).map { UInt64($0) })
        for step in 0..<size {
            let connection = UInt64((step * 7 + 3) % size)
            let leaving = left.contains(connection) ? connection : (left.first ?? 0)
            hub.leave(connection: leaving, channel: "c")
            left.remove(leaving)
            #expect(Set(hub.members(of: "c").map(\.connection)) == left)
        }
        #expect(hub.channelCount == 0)
        #expect(hub.membershipCount == 0)
    }

    @Test func `leaving twice changes nothing`() {
        var hub = LocalHub()
        hub.join(Member(connection: 1, receivesJoins: true), channel: "c")
        hub.leave(connection: 2, channel: "c")
        hub.leave(connection: 1, channel: "other")
        #expect(hub.membershipCount == 1)
    }
}

@Suite("Channel home")
struct ChannelHomeTests {
    @Test("every channel has one home and each loop gets its share", arguments: [1, 2, 3, 8])
    func spread(loops: Int) {
        var counts = Array(repeating: 0, count: loops)
        for number in 0..<4_000 {
            let home = ChannelHome.loop(of: "chat:room\(number)", among: loops)
            #expect(home == ChannelHome.loop(of: "chat:room\(number)", among: loops))
            counts[home] += 1
        }
        let share = 4_000 / loops
        #expect(counts.allSatisfy { $0 > share * 8 / 10 && $0 < share * 12 / 10 || loops == 1 })
    }
}

/// A home hub with a readable protocol of what it sent.
private struct House {
    static let channel = "chat:lobby"
    private final class Encodings { var count = 0 }

    var hub: HomeHub
    var sent: [String] = []
    private let encodings = Encodings()
    var encoded: Int { encodings.count }

    init(loops: Int) {
        let encodings = self.encodings
        hub = HomeHub(loops: loops, broker: MemoryBroker(epoch: "test"), presence: MemoryPresence()) { push in
            switch push {
            case .publication(_, let publication):
                encodings.count += 1
                return Array("publication ".utf8) + publication.data
            case .join(_, let info): return Array("join \(info.client)".utf8)
            case .leave(_, let info): return Array("leave \(info.client)".utf8)
            }
        }
    }

    func ticket(_ loop: Int, _ command: UInt32) -> CommandTicket {
        CommandTicket(subscriber: SubscriberID(loop: loop, connection: 1), command: command)
    }

    mutating func subscribe(_ client: String, loop: Int, present: Bool = false, announced: Bool = false) {
        let membership = Membership(
            info: ClientInfo(user: client, client: client), isPresent: present, isAnnounced: announced)
        ask(.subscribe(channel: Self.channel, membership, ticket(loop, 1)))
    }

    mutating func unsubscribe(_ client: String, loop: Int, present: Bool = false, announced: Bool = false) {
        let membership = Membership(
            info: ClientInfo(user: client, client: client), isPresent: present, isAnnounced: announced)
        ask(.unsubscribe(channel: Self.channel, membership, SubscriberID(loop: loop, connection: 1)))
    }

    mutating func publish(_ text: String, loop: Int, command: UInt32) {
        let publication = Publication(data: Array(text.utf8))
        ask(
            .publish(
                channel: Self.channel, publication, receivedAt: Instant(nanoseconds: 1), ticket(loop, command)
            ))
    }

    mutating func ask(_ request: HubRequest) {
        var deliveries: [RoutedDelivery] = []
        hub.handle(request, into: &deliveries)
        sent += deliveries.map { "\($0.loop) \(Self.describe($0.delivery))" }
    }

    private static func describe(_ delivery: HubDelivery) -> String {
        switch delivery {
        case .publication(_, let frame), .joinOrLeave(_, let frame):
            String(decoding: frame.bytes, as: UTF8.self)
        case .answer(let ticket, .subscribed): "subscribed \(ticket.command)"
        case .answer(let ticket, .published): "published \(ticket.command)"
        case .answer(_, .presence(let clients)): "presence \(clients.count)"
        case .answer(_, .presenceStatistics(let statistics)):
            "stats \(statistics.clients) \(statistics.users)"
        case .answer(let ticket, .subscribeFailed), .answer(let ticket, .publishFailed):
            "failed \(ticket.command)"
        }
    }
}
