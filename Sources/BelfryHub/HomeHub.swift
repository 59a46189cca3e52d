package import BelfryBroker
import BelfryBytes
import BelfryProtocol

// The channels whose home is one loop: who numbers, who is present, which loops must hear.
//
//   request ──▶ HomeHub ──▶ Broker
//                  ▲           │ events, in the one order
//                  └───────────┘──▶ deliveries to loops with members
//
// Always: (1) an answer to a subscribe is sent to its loop before any later push of that channel, because both go
// through the same ordered mailbox. (2) A publication is encoded once, when the broker has returned it. (3) A loop
// hears of a channel exactly while it has members there.

/// A delivery and the loop it goes to.
package struct RoutedDelivery: Sendable {
    package let loop: Int
    package let delivery: HubDelivery
}

/// One home loop's share of the channels.
package struct HomeHub {
    private struct Channel {
        /// Members on each loop.
        var membersPerLoop: [Int]
    }

    /// A place that somebody asked for in a channel.
    private struct Seat: Hashable {
        let channel: String
        let subscriber: SubscriberID
    }

    private enum Pending {
        case subscribe(channel: String, Membership, CommandTicket)
        case publish(CommandTicket)
    }

    private let loops: Int
    private let encode: (HubPush) -> [UInt8]
    private var broker: any Broker
    private var presence: any PresenceStore
    private var channels: [String: Channel] = [:]
    private var pending: [BrokerTicket: Pending] = [:]
    private var nextTicket: UInt64 = 0
    /// Subscribes that failed and whose unsubscribe is still to come.
    ///
    /// Each subscribe is given back once, whatever its answer: who asked may be gone before it is there.
    private var refused: Set<Seat> = []
    private var events: [BrokerEvent] = []
    /// When the request being handled came in; the start of a delivery's latency.
    private var receivedAt: Instant?

    /// - Parameters:
    ///   - loops: How many event loops the node has.
    ///   - broker: The bus between nodes; this home's alone.
    ///   - presence: Who is present in this home's channels.
    ///   - encode: Makes a complete WebSocket frame; called once a push.
    package init(
        loops: Int, broker: any Broker, presence: any PresenceStore, encode: @escaping (HubPush) -> [UInt8]
    ) {
        self.loops = loops
        self.broker = broker
        self.presence = presence
        self.encode = encode
    }

    /// Channels with at least one member.
    package var channelCount: Int { channels.count }

    /// Carries out one request; what must reach the loops is appended to `deliveries` in order.
    package mutating func handle(_ request: HubRequest, into deliveries: inout [RoutedDelivery]) {
        switch request {
        case .subscribe(let channel, let membership, let ticket):
            let broker = track(.subscribe(channel: channel, membership, ticket))
            submit(.subscribe(channel: channel, broker), into: &deliveries)
        case .unsubscribe(let channel, let membership, let subscriber):
            unsubscribe(membership, from: channel, subscriber, into: &deliveries)
        case .publish(let channel, let publication, let receivedAt, let ticket):
            let broker = track(.publish(ticket))
            self.receivedAt = receivedAt
            submit(.publish(channel: channel, publication, broker), into: &deliveries)
        case .presence(let channel, let ticket):
            answer(ticket, .presence(presence.clients(of: channel)), into: &deliveries)
        case .presenceStatistics(let channel, let ticket):
            answer(ticket, .presenceStatistics(presence.statistics(of: channel)), into: &deliveries)
        }
    }

    private mutating func track(_ request: Pending) -> BrokerTicket {
        nextTicket &+= 1
        let ticket = BrokerTicket(rawValue: nextTicket)
        pending[ticket] = request
        return ticket
    }

    private mutating func submit(_ request: BrokerRequest, into deliveries: inout [RoutedDelivery]) {
        broker.submit(request, into: &events)
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
        case .publication(let channel, let publication, _):
            let frame = OutboundFrame(
                bytes: encode(.publication(channel: channel, publication)), receivedAt: receivedAt)
            push(.publication(channel: channel, frame), of: channel, into: &deliveries)
        case .joined(let channel, let info):
            let frame = OutboundFrame(bytes: encode(.join(channel: channel, info)))
            push(.joinOrLeave(channel: channel, frame), of: channel, into: &deliveries)
        case .left(let channel, let info):
            let frame = OutboundFrame(bytes: encode(.leave(channel: channel, info)))
            push(.joinOrLeave(channel: channel, frame), of: channel, into: &deliveries)
        case .subscribed(let ticket, let result):
            subscribed(ticket, result, into: &deliveries)
        case .published(let ticket, let result):
            published(ticket, result, into: &deliveries)
        }
    }

    private mutating func subscribed(
        _ ticket: BrokerTicket, _ result: Result<StreamPosition, BrokerFailure>,
        into deliveries: inout [RoutedDelivery]
    ) {
        guard case .subscribe(let channel, let membership, let command)? = pending.removeValue(forKey: ticket)
        else { return }
        switch result {
        case .failure(let failure):
            refused.insert(Seat(channel: channel, subscriber: command.subscriber))
            answer(command, .subscribeFailed(channel: channel, failure), into: &deliveries)
        case .success(let position):
            let nobody = Channel(membersPerLoop: Array(repeating: 0, count: loops))
            channels[channel, default: nobody].membersPerLoop[command.subscriber.loop] += 1
            if membership.isPresent { presence.add(membership.info, to: channel) }
            answer(command, .subscribed(channel: channel, position), into: &deliveries)
            if membership.isAnnounced {
                broker.submit(.join(channel: channel, membership.info), into: &events)
            }
        }
    }

    private mutating func published(
        _ ticket: BrokerTicket, _ result: Result<StreamPosition, BrokerFailure>,
        into deliveries: inout [RoutedDelivery]
    ) {
        guard case .publish(let command)? = pending.removeValue(forKey: ticket) else { return }
        switch result {
        case .success: answer(command, .published, into: &deliveries)
        case .failure(let failure): answer(command, .publishFailed(failure), into: &deliveries)
        }
    }

    private mutating func unsubscribe(
        _ membership: Membership, from channel: String, _ subscriber: SubscriberID,
        into deliveries: inout [RoutedDelivery]
    ) {
        if !refused.isEmpty, refused.remove(Seat(channel: channel, subscriber: subscriber)) != nil { return }
        if membership.isPresent { presence.remove(client: membership.info.client, from: channel) }
        // A count below zero would hide the loop's later members from their pushes.
        guard let members = channels[channel]?.membersPerLoop[subscriber.loop], members > 0 else { return }
        channels[channel]?.membersPerLoop[subscriber.loop] = members - 1
        guard channels[channel]?.membersPerLoop.allSatisfy({ $0 == 0 }) == true else {
            if membership.isAnnounced {
                submit(.leave(channel: channel, membership.info), into: &deliveries)
            }
            return
        }
        channels[channel] = nil
        submit(.unsubscribe(channel: channel), into: &deliveries)
    }

    private func answer(
        _ ticket: CommandTicket, _ answer: HubAnswer, into deliveries: inout [RoutedDelivery]
    ) {
        deliveries.append(RoutedDelivery(loop: ticket.subscriber.loop, delivery: .answer(ticket, answer)))
    }

    private func push(
        _ delivery: HubDelivery, of channel: String, into deliveries: inout [RoutedDelivery]
    ) {
        guard let channel = channels[channel] else { return }
        for loop in 0..<loops where channel.membersPerLoop[loop] > 0 {
            deliveries.append(RoutedDelivery(loop: loop, delivery: delivery))
        }
    }
}
