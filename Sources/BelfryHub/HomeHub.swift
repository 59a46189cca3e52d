package import BelfryBroker
import BelfryProtocol

// The channels whose home is one loop: who numbers, who is present, which loops must hear.
//
//   request ──▶ HomeHub ──▶ Broker
//                  ▲           │ events, now or later, in the one order
//                  └───────────┘──▶ deliveries to loops with members
//
// Always: (1) an answer to a subscribe is sent to its loop before any later push of that channel, because both go
// through the same ordered mailbox; a member counts from that answer on. (2) A publication is encoded once in each form
// that some member takes, when the broker has returned it. (3) A loop hears of a channel exactly while it has members
// there. (4) Each subscribe is given back once; a seat given back before its answer leaves nothing behind.

/// A delivery and the loop it goes to.
package struct RoutedDelivery: Sendable {
    package let loop: Int
    package let delivery: HubDelivery
}

/// One home loop's share of the channels.
package struct HomeHub {
    /// A place that somebody asked for in a channel.
    struct Seat: Hashable {
        let channel: String
        let subscriber: SubscriberID
    }

    /// A subscribe that waits for the broker.
    struct WaitingSubscribe {
        let channel: String
        let membership: Membership
        let positioning: Positioning?
        let ticket: CommandTicket
        /// Where its part of the channel's buffer begins.
        let start: Int
        /// Its unsubscribe came before the answer.
        var isGivenBack = false

        var seat: Seat { Seat(channel: channel, subscriber: ticket.subscriber) }
    }

    let loops: Int
    let encoder: PushEncoder
    var broker: any Broker
    var presence: any PresenceStore
    var channels: [String: HomeChannel] = [:]
    var subscribing: [BrokerTicket: WaitingSubscribe] = [:]
    /// The subscribe of each seat that waits and has not been given back.
    var awaited: [Seat: BrokerTicket] = [:]
    /// Publishes, histories and removals that wait for the broker.
    private var asking: [BrokerTicket: Asker] = [:]
    var looks: [BrokerTicket: PositionLook] = [:]
    var watch = PositionWatch()
    private var nextTicket: UInt64 = 0
    /// Subscribes that failed and whose unsubscribe is still to come.
    ///
    /// Each subscribe is given back once, whatever its answer: who asked may be gone before it is there.
    var refused: Set<Seat> = []
    /// What the broker said and is not handled yet.
    var events: [BrokerEvent] = []
    /// Passed in with what is being handled.
    var now = WallTime(milliseconds: 0)

    /// - Parameters:
    ///   - loops: How many event loops the node has.
    ///   - broker: The bus between nodes; this home's alone.
    ///   - presence: Who is present in this home's channels.
    ///   - encoder: Makes the frames of pushes; called once a push and form.
    package init(
        loops: Int, broker: any Broker, presence: any PresenceStore, encoder: PushEncoder
    ) {
        self.loops = loops
        self.broker = broker
        self.presence = presence
        self.encoder = encoder
    }

    /// Channels with at least one member or a subscribe in flight.
    package var channelCount: Int { channels.count }
    /// Its channels and how many members each has, for operators.
    package var memberCounts: [(channel: String, count: Int)] {
        var counts: [(channel: String, count: Int)] = []
        counts.reserveCapacity(channels.count)
        // By index: a walk over the elements would copy each channel.
        for index in channels.indices {
            let count = channels.values[index].all.total
            if count > 0 { counts.append((channels.keys[index], count)) }
        }
        return counts
    }
    /// What its channels' histories take.
    package var historyUsage: HistoryUsage { broker.usage }
    /// Requests the broker has not answered yet.
    package var pendingCount: Int { subscribing.count + asking.count + looks.count }

    /// Carries out one request; what must reach the loops is appended to `deliveries` in order.
    package mutating func handle(
        _ request: HubRequest, now: WallTime, into deliveries: inout [RoutedDelivery]
    ) {
        self.now = now
        switch request {
        case .subscribe(let channel, let membership, let positioning, let ticket):
            subscribe(membership, to: channel, positioning, ticket)
        case .unsubscribe(let channel, let membership, let subscriber):
            unsubscribe(membership, from: channel, subscriber)
        case .publish(let channel, let publication, let options, let asker):
            submit(.publish(channel: channel, publication, options, track(asker)))
        case .history(let channel, let query, let policy, let asker):
            submit(.history(channel: channel, query, policy, track(asker)))
        case .removeHistory(let channel, let asker):
            submit(.removeHistory(channel: channel, track(asker)))
        case .presence(let channel, let asker):
            answer(asker, .presence(presence.clients(of: channel)), into: &deliveries)
        case .presenceStatistics(let channel, let asker):
            answer(asker, .presenceStatistics(presence.statistics(of: channel)), into: &deliveries)
        }
        handleEvents(into: &deliveries)
    }

    /// Takes what the broker said outside of a request.
    package mutating func receive(
        _ events: [BrokerEvent], now: WallTime, into deliveries: inout [RoutedDelivery]
    ) {
        self.now = now
        self.events += events
        handleEvents(into: &deliveries)
    }

    /// Asks the broker what has become known, and lets it do its housekeeping.
    package mutating func poll(now: WallTime, into deliveries: inout [RoutedDelivery]) {
        self.now = now
        broker.poll(now: now, into: &events)
        lookAtPositions()
        handleEvents(into: &deliveries)
    }

    func answer(_ ticket: CommandTicket, _ answer: HubAnswer, into deliveries: inout [RoutedDelivery]) {
        deliveries.append(RoutedDelivery(loop: ticket.subscriber.loop, delivery: .answer(ticket, answer)))
    }

    private func answer(_ asker: Asker, _ answer: HubAnswer, into deliveries: inout [RoutedDelivery]) {
        switch asker {
        case .command(let ticket): self.answer(ticket, answer, into: &deliveries)
        case .call(let ticket):
            deliveries.append(RoutedDelivery(loop: ticket.loop, delivery: .reply(ticket, answer)))
        }
    }

    mutating func makeTicket() -> BrokerTicket {
        nextTicket &+= 1
        return BrokerTicket(rawValue: nextTicket)
    }

    private mutating func track(_ asker: Asker) -> BrokerTicket {
        let ticket = makeTicket()
        asking[ticket] = asker
        return ticket
    }

    mutating func submit(_ request: BrokerRequest) { broker.submit(request, now: now, into: &events) }

    private mutating func handleEvents(into deliveries: inout [RoutedDelivery]) {
        // Handling an event may submit again (a join after a subscribe), which appends behind.
        var next = 0
        while next < events.count {
            let event = events[next]
            next += 1
            handle(event, into: &deliveries)
        }
        events.removeAll(keepingCapacity: true)
    }

    private mutating func handle(_ event: BrokerEvent, into deliveries: inout [RoutedDelivery]) {
        switch event {
        case .publication(let publication): publish(publication, into: &deliveries)
        case .joined(let channel, let info):
            announce(.join(channel: channel, info), of: channel, into: &deliveries)
        case .left(let channel, let info):
            announce(.leave(channel: channel, info), of: channel, into: &deliveries)
        case .subscribed(let ticket, let result): subscribed(ticket, result, into: &deliveries)
        case .published(let ticket, let result):
            settle(ticket, result.map { .published($0) }, into: &deliveries)
        case .history(let ticket, let result):
            if subscribing[ticket] != nil { return recovered(ticket, result, into: &deliveries) }
            if let look = looks.removeValue(forKey: ticket) { return looked(look, result, into: &deliveries) }
            settle(ticket, result.map { .history($0) }, into: &deliveries)
        case .historyRemoved(let ticket, let result):
            settle(ticket, result.map { .historyRemoved }, into: &deliveries)
        }
    }

    private mutating func settle(
        _ ticket: BrokerTicket, _ result: Result<HubAnswer, BrokerFailure>,
        into deliveries: inout [RoutedDelivery]
    ) {
        guard let asker = asking.removeValue(forKey: ticket) else { return }
        switch result {
        case .success(let answer): self.answer(asker, answer, into: &deliveries)
        case .failure(let failure): answer(asker, .failed(failure), into: &deliveries)
        }
    }
}
