import BelfryProtocol

/// The broker of a single node without a store: everything is in memory and answered in the same call.
///
/// One instance belongs to one home loop and holds the channels whose home that loop is.
package struct MemoryBroker: Broker {
    /// The channels this node wants to hear of.
    private var subscribed: Set<String> = []
    package private(set) var streams: StreamTable

    /// Publications, streams and keys forgotten in one ``poll(now:into:)``: well under a millisecond.
    private static let expiredPerPoll = 1_000

    /// - `seed`: Random at each start, so that this life's epochs differ from earlier ones.
    package init(seed: UInt64, limits: StreamLimits = StreamLimits()) {
        streams = StreamTable(seed: seed, limits: limits)
    }

    package mutating func submit(
        _ request: BrokerRequest, now: WallTime, into events: inout [BrokerEvent]
    ) {
        switch request {
        case .publish(let channel, let publication, let options, let ticket):
            publish(publication, in: channel, options, ticket, now: now, into: &events)
        case .subscribe(let channel, let policy, let ticket):
            subscribed.insert(channel)
            let top = policy.map { streams.position(of: channel, policy: $0, now: now) }
            events.append(.subscribed(ticket, .success(top)))
        case .unsubscribe(let channel): subscribed.remove(channel)
        case .history(let channel, let query, let policy, let ticket):
            let page = streams.history(of: channel, query, policy: policy, now: now)
            events.append(.history(ticket, .success(page)))
        case .removeHistory(let channel, let ticket):
            streams.removeHistory(of: channel)
            events.append(.historyRemoved(ticket, .success(())))
        case .join(let channel, let info):
            if subscribed.contains(channel) { events.append(.joined(channel: channel, info)) }
        case .leave(let channel, let info):
            if subscribed.contains(channel) { events.append(.left(channel: channel, info)) }
        }
    }

    package var usage: HistoryUsage { streams.usage }

    package mutating func poll(now: WallTime, into events: inout [BrokerEvent]) {
        streams.expire(now: now, limit: Self.expiredPerPoll)
    }

    private mutating func publish(
        _ publication: Publication, in channel: String, _ options: PublishOptions, _ ticket: BrokerTicket,
        now: WallTime, into events: inout [BrokerEvent]
    ) {
        switch streams.reserve(publication, in: channel, options: options, now: now) {
        case .reserved(let reservation):
            streams.apply(reservation)
            publish(reservation.stored.publication, in: channel, at: reservation.position, options, &events)
            events.append(.published(ticket, .success(.published(reservation.position))))
        case .unstored:
            publish(publication, in: channel, at: nil, options, &events)
            events.append(.published(ticket, .success(.published(nil))))
        case .duplicate(let position):
            events.append(.published(ticket, .success(.duplicate(position))))
        case .outdated(let top):
            events.append(.published(ticket, .success(.outdated(top))))
        }
    }

    private func publish(
        _ publication: Publication, in channel: String, at position: StreamPosition?,
        _ options: PublishOptions, _ events: inout [BrokerEvent]
    ) {
        guard subscribed.contains(channel) else { return }
        events.append(
            .publication(
                BrokerPublication(
                    channel: channel, publication, position: position, usesDelta: options.usesDelta,
                    receivedAt: options.receivedAt)))
    }
}
