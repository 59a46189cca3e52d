package import BelfryBroker
import BelfryProtocol

// The broker of a single node with a store: reads come from memory, and what is published becomes readable, is delivered
// and answered when it is on disk.
//
//   publish ─▶ reserve a place ─▶ lane ─▶ disk ─▶ poll: apply, deliver, answer, in the order of the places
//
// Always: (1) nothing is delivered or answered with success before it is on disk, except in relaxed channels; (2) what
// waits here is in the order in which the lane was told; (3) after a refusal nothing waits any more, so places are given
// again from where the disk stands.

/// One home loop's channels, with a store below.
package struct DurableBroker: Broker {
    private enum Waiting {
        case publish(Reservation, PublishOptions, BrokerTicket)
        case removal(channel: String, BrokerTicket)
        /// Answered behind the publication that it repeats, which waits before it.
        case duplicate(StreamPosition?, BrokerTicket)
        /// Answered behind the newer version, which waits before it.
        case outdated(channel: String, BrokerTicket)

        /// The lane was told of it.
        var isTold: Bool {
            switch self {
            case .publish, .removal: true
            case .duplicate, .outdated: false
            }
        }
    }

    private var subscribed: Set<String> = []
    package private(set) var streams: StreamTable
    private let lane: StoreLane
    private var generation: UInt64
    private var waiting: [Waiting] = []
    /// Where in `waiting` the first one stands.
    private var head = 0

    private static let expiredPerPoll = 1_000

    init(streams: consuming StreamTable, lane: StoreLane) {
        self.streams = streams
        self.lane = lane
        generation = lane.takeOutcome().generation
    }

    package var usage: HistoryUsage { streams.usage }

    package mutating func submit(
        _ request: BrokerRequest, now: WallTime, into events: inout [BrokerEvent]
    ) {
        switch request {
        case .publish(let channel, let publication, let options, let ticket):
            publish(publication, in: channel, options, ticket, now: now, into: &events)
        case .subscribe(let channel, let policy, let ticket):
            subscribed.insert(channel)
            let top = policy.map { streams.position(of: channel, policy: $0, now: now) }
            if let policy { note(channel, policy) }
            events.append(.subscribed(ticket, .success(top)))
        case .unsubscribe(let channel): subscribed.remove(channel)
        case .history(let channel, let query, let policy, let ticket):
            let page = streams.history(of: channel, query, policy: policy, now: now)
            note(channel, policy)
            events.append(.history(ticket, .success(page)))
        case .removeHistory(let channel, let ticket): removeHistory(of: channel, ticket, into: &events)
        case .join(let channel, let info):
            if subscribed.contains(channel) { events.append(.joined(channel: channel, info)) }
        case .leave(let channel, let info):
            if subscribed.contains(channel) { events.append(.left(channel: channel, info)) }
        }
    }

    package mutating func poll(now: WallTime, into events: inout [BrokerEvent]) {
        let outcome = lane.takeOutcome()
        settle(outcome.committed, into: &events)
        generation = outcome.generation
        if let refusal = outcome.refusal { refuseAll(refusal, into: &events) }
        streams.expire(now: now, limit: Self.expiredPerPoll)
    }

    /// Tells the store of a stream that was begun or used; nobody waits for that.
    private mutating func note(_ channel: String, _ policy: HistoryPolicy) {
        guard let stream = streams.unnoted(channel, policy: policy) else { return }
        if lane.tell(.note(stream, isRelaxed: policy.durability == .relaxed)) { streams.note(stream) }
    }

    // MARK: Publishing

    private mutating func publish(
        _ publication: Publication, in channel: String, _ options: PublishOptions, _ ticket: BrokerTicket,
        now: WallTime, into events: inout [BrokerEvent]
    ) {
        let isDurable = options.history.map { $0.durability == .acknowledged } ?? false
        if isDurable, let refusal = lane.refusal(of: publication, generation: generation) {
            return events.append(.published(ticket, .failure(BrokerFailure(refusal))))
        }
        switch streams.reserve(publication, in: channel, options: options, now: now) {
        case .reserved(let reservation):
            if isDurable { return submit(reservation, options, ticket, into: &events) }
            streams.apply(reservation)
            lane.tell(.append(reservation, isRelaxed: true))
            deliver(reservation.stored.publication, in: channel, at: reservation.position, options, &events)
            events.append(.published(ticket, .success(.published(reservation.position))))
        case .unstored:
            deliver(publication, in: channel, at: nil, options, &events)
            events.append(.published(ticket, .success(.published(nil))))
        case .duplicate(let position): enqueue(.duplicate(position, ticket), into: &events)
        case .outdated: enqueue(.outdated(channel: channel, ticket), into: &events)
        }
    }

    private mutating func submit(
        _ reservation: Reservation, _ options: PublishOptions, _ ticket: BrokerTicket,
        into events: inout [BrokerEvent]
    ) {
        if let refusal = lane.submit(.append(reservation, isRelaxed: false), generation: generation) {
            streams.cancel([reservation])
            return events.append(.published(ticket, .failure(BrokerFailure(refusal))))
        }
        waiting.append(.publish(reservation, options, ticket))
    }

    private mutating func removeHistory(
        of channel: String, _ ticket: BrokerTicket, into events: inout [BrokerEvent]
    ) {
        if let refusal = lane.submit(.clear(channel: channel), generation: generation) {
            return events.append(.historyRemoved(ticket, .failure(BrokerFailure(refusal))))
        }
        waiting.append(.removal(channel: channel, ticket))
    }

    /// An answer that depends on what waits, or on nothing.
    private mutating func enqueue(_ answer: Waiting, into events: inout [BrokerEvent]) {
        if head == waiting.count { finish(answer, into: &events) } else { waiting.append(answer) }
    }

    private func deliver(
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

    // MARK: What the disk says

    private mutating func settle(_ committed: Int, into events: inout [BrokerEvent]) {
        var left = committed
        while head < waiting.count {
            let next = waiting[head]
            if next.isTold {
                guard left > 0 else { break }
                left -= 1
            }
            head += 1
            finish(next, into: &events)
        }
        guard head == waiting.count || head > 1_024 else { return }
        waiting.removeFirst(head)
        head = 0
    }

    private mutating func finish(_ answer: Waiting, into events: inout [BrokerEvent]) {
        switch answer {
        case .publish(let reservation, let options, let ticket):
            streams.apply(reservation)
            deliver(
                reservation.stored.publication, in: reservation.channel, at: reservation.position, options,
                &events)
            events.append(.published(ticket, .success(.published(reservation.position))))
        case .removal(let channel, let ticket):
            streams.removeHistory(of: channel)
            events.append(.historyRemoved(ticket, .success(())))
        case .duplicate(let position, let ticket):
            events.append(.published(ticket, .success(.duplicate(position))))
        case .outdated(let channel, let ticket):
            events.append(
                .published(ticket, .success(.outdated(streams.top(of: channel) ?? StreamPosition()))))
        }
    }

    private mutating func refuseAll(_ refusal: StoreFailure, into events: inout [BrokerEvent]) {
        let refused = waiting[head...]
        waiting = []
        head = 0
        streams.cancel(
            refused.compactMap { if case .publish(let reservation, _, _) = $0 { reservation } else { nil } })
        for answer in refused {
            switch answer {
            case .publish(_, _, let ticket), .duplicate(_, let ticket), .outdated(_, let ticket):
                events.append(.published(ticket, .failure(BrokerFailure(refusal))))
            case .removal(_, let ticket):
                events.append(.historyRemoved(ticket, .failure(BrokerFailure(refusal))))
            }
        }
    }
}

extension BrokerFailure {
    /// Temporary: a full disk gets room, and after a final failure the relay is started anew.
    init(_ failure: StoreFailure) { self.init(isTemporary: true, reason: failure.description) }
}
