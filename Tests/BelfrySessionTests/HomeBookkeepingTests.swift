import BelfryBroker
import BelfryBytes
import BelfryHub
import BelfryProtocol
import BelfrySession
import Testing

/// What a home must still know when a broker has failed.
@Suite struct HomeBookkeepingTests {
    private let subscribe = #"{"id":2,"subscribe":{"channel":"chat:a"}}"#
    private let publish = #"{"id":3,"publish":{"channel":"chat:a","data":1}}"#

    @Test func `a subscribe that failed takes no place from those who are there`() async throws {
        let node = try await Node(Rules(), broker: FlakyBroker(failingSubscribe: 2))
        let (member, client) = (node.connected("c1", user: "42"), node.connected("c2", user: "43"))
        member.says(subscribe)
        node.holdsMail = true
        client.says(subscribe)
        client.leaves()
        node.deliver()
        node.holdsMail = false
        #expect(node.channelCount == 1)
        #expect(member.says(publish).count == 2)
    }

    @Test func `a subscribe that failed can be tried again and counts once`() async throws {
        let node = try await Node(Rules(), broker: FlakyBroker(failingSubscribe: 1))
        let client = node.connected("c1", user: "42")
        #expect(client.says(subscribe) == [error(100)])
        #expect(outcome(client.says(subscribe)) == "ok")
        client.leaves()
        #expect(node.channelCount == 0)
    }

    @Test func `an unsubscribe from a loop without members leaves the others' count alone`() {
        var home = HomeHub(
            loops: 2, broker: MemoryBroker(seed: 1), presence: MemoryPresence(),
            encoder: PushEncoder(frame: { _, _ in [1] }, patch: { _, _ in nil }))
        let now = WallTime(milliseconds: 1)
        var deliveries: [RoutedDelivery] = []
        let membership = Membership(
            info: ClientInfo(user: "", client: "c"), isPresent: false, isAnnounced: false)
        let (here, there) = (SubscriberID(loop: 0, connection: 1), SubscriberID(loop: 1, connection: 2))
        home.handle(
            .subscribe(channel: "a", membership, nil, CommandTicket(subscriber: here, command: 1)), now: now,
            into: &deliveries)
        home.handle(.unsubscribe(channel: "a", membership, there), now: now, into: &deliveries)
        home.handle(
            .subscribe(channel: "a", membership, nil, CommandTicket(subscriber: there, command: 1)), now: now,
            into: &deliveries)
        deliveries = []
        home.handle(
            .publish(
                channel: "a", Publication(data: [1]), PublishOptions(),
                .command(CommandTicket(subscriber: here, command: 2))), now: now, into: &deliveries)
        #expect(deliveries.map(\.loop) == [0, 1, 0])
    }
}

/// A memory broker that fails one subscribe, by number.
private struct FlakyBroker: Broker {
    let failingSubscribe: Int
    private var subscribes = 0
    private var memory = MemoryBroker(seed: 1)
    var usage: HistoryUsage { memory.usage }

    init(failingSubscribe: Int) { self.failingSubscribe = failingSubscribe }

    mutating func submit(_ request: BrokerRequest, now: WallTime, into events: inout [BrokerEvent]) {
        if case .subscribe(_, _, let ticket) = request {
            subscribes += 1
            if subscribes == failingSubscribe {
                let failure = BrokerFailure(isTemporary: true, reason: "not for clients")
                return events.append(.subscribed(ticket, .failure(failure)))
            }
        }
        memory.submit(request, now: now, into: &events)
    }

    mutating func poll(now: WallTime, into events: inout [BrokerEvent]) {
        memory.poll(now: now, into: &events)
    }
}
