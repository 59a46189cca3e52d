import BelfryBroker
import BelfryProtocol

// Entering and leaving a channel (protocol.md 9.4 and 9.7).

extension HomeHub {
    mutating func subscribe(
        _ membership: Membership, to channel: String, _ positioning: Positioning?, _ command: CommandTicket
    ) {
        let nobody = HomeChannel(loops: loops)
        let start = channels[channel, default: nobody].beginWaiting(isPositioned: positioning != nil)
        let waiting = WaitingSubscribe(
            channel: channel, membership: membership, positioning: positioning, ticket: command, start: start)
        let ticket = makeTicket()
        subscribing[ticket] = waiting
        awaited[waiting.seat] = ticket
        submit(.subscribe(channel: channel, positioning?.history, ticket))
    }

    /// The node hears the channel; who wants to recover has its history read now.
    mutating func subscribed(
        _ ticket: BrokerTicket, _ result: Result<StreamPosition?, BrokerFailure>,
        into deliveries: inout [RoutedDelivery]
    ) {
        guard let waiting = subscribing[ticket] else { return }
        switch result {
        case .failure(let failure): fail(ticket, failure, into: &deliveries)
        case .success(let top):
            guard let positioning = waiting.positioning, let recovery = positioning.recovery,
                !waiting.isGivenBack
            else { return finish(ticket, top.map { HistoryPage(top: $0) }, into: &deliveries) }
            submit(.history(channel: waiting.channel, recovery.query, positioning.history, ticket))
        }
    }

    mutating func recovered(
        _ ticket: BrokerTicket, _ result: Result<HistoryPage, BrokerFailure>,
        into deliveries: inout [RoutedDelivery]
    ) {
        switch result {
        case .failure(let failure): fail(ticket, failure, into: &deliveries)
        case .success(let page): finish(ticket, page, into: &deliveries)
        }
    }

    private mutating func finish(
        _ ticket: BrokerTicket, _ page: HistoryPage?, into deliveries: inout [RoutedDelivery]
    ) {
        guard let (waiting, live) = take(ticket) else { return }
        let channel = waiting.channel
        guard let live, let answer = merge(page, live, waiting) else {
            return refuse(waiting, .insufficientState(channel: channel), into: &deliveries)
        }
        if let outcome = answer.outcome, !outcome.isRecovered,
            waiting.positioning?.recovery?.refusesLoss == true
        {
            return refuse(waiting, .positionLost(channel: channel, outcome), into: &deliveries)
        }
        if waiting.isGivenBack {
            // The client's two commands still want their replies.
            self.answer(waiting.ticket, .subscribed(channel: channel, answer), into: &deliveries)
            return leaveIfUnused(channel)
        }
        admit(waiting, answer, into: &deliveries)
    }

    private func merge(
        _ page: HistoryPage?, _ live: ArraySlice<BrokerPublication>, _ waiting: WaitingSubscribe
    ) -> SubscribeAnswer? {
        guard let page else { return SubscribeAnswer() }
        let recovery = waiting.isGivenBack ? nil : waiting.positioning?.recovery
        return Handover.merge(page, live, recovery)
    }

    private mutating func admit(
        _ waiting: WaitingSubscribe, _ answer: SubscribeAnswer, into deliveries: inout [RoutedDelivery]
    ) {
        let (channel, membership) = (waiting.channel, waiting.membership)
        if let top = answer.top, channels[channel]?.meet(top) == true {
            loseState(of: channel, .restarted, into: &deliveries)
        }
        if membership.isSole { displace(from: channel, into: &deliveries) }
        let history = waiting.positioning?.history
        channels[channel]?
            .add(membership, loop: waiting.ticket.subscriber.loop, top: answer.top, history: history)
        if history != nil, broker.mayLose { watch.add(channel) }
        if membership.isPresent { presence.add(membership.info, to: channel) }
        self.answer(waiting.ticket, .subscribed(channel: channel, answer), into: &deliveries)
        if membership.isAnnounced {
            submit(.join(channel: channel, membership.info))
        }
    }

    private mutating func fail(
        _ ticket: BrokerTicket, _ failure: BrokerFailure, into deliveries: inout [RoutedDelivery]
    ) {
        guard let (waiting, _) = take(ticket) else { return }
        refuse(waiting, .subscribeFailed(channel: waiting.channel, failure), into: &deliveries)
    }

    private mutating func refuse(
        _ waiting: WaitingSubscribe, _ answer: HubAnswer, into deliveries: inout [RoutedDelivery]
    ) {
        if !waiting.isGivenBack { refused.insert(waiting.seat) }
        self.answer(waiting.ticket, answer, into: &deliveries)
        leaveIfUnused(waiting.channel)
    }

    /// Ends a subscribe's wait.
    ///
    /// - Returns: The subscribe and what came meanwhile: `nil` when that was too much to keep.
    private mutating func take(
        _ ticket: BrokerTicket
    ) -> (WaitingSubscribe, ArraySlice<BrokerPublication>?)? {
        guard let waiting = subscribing.removeValue(forKey: ticket) else { return nil }
        if !waiting.isGivenBack { awaited[waiting.seat] = nil }
        let live = channels[waiting.channel]?
            .endWaiting(isPositioned: waiting.positioning != nil, since: waiting.start)
        return (waiting, live ?? nil)
    }

    mutating func unsubscribe(
        _ membership: Membership, from channel: String, _ subscriber: SubscriberID
    ) {
        let seat = Seat(channel: channel, subscriber: subscriber)
        if !refused.isEmpty, refused.remove(seat) != nil { return }
        if !awaited.isEmpty, let ticket = awaited.removeValue(forKey: seat) {
            subscribing[ticket]?.isGivenBack = true
            return
        }
        if membership.isPresent { presence.remove(client: membership.info.client, from: channel) }
        guard channels[channel]?.remove(membership, loop: subscriber.loop) == true else { return }
        if membership.isAnnounced { submit(.leave(channel: channel, membership.info)) }
        leaveIfUnused(channel)
    }

    private mutating func leaveIfUnused(_ channel: String) {
        guard channels[channel]?.isUnused == true else { return }
        channels[channel] = nil
        watch.remove(channel)
        submit(.unsubscribe(channel: channel))
    }
}
