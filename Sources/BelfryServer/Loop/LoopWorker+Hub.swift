import BelfryBroker
import BelfryBytes
import BelfryHub
import BelfryReactor
import BelfrySession
import BelfryWebSocket

// To a channel's home and back. Whatever concerns one channel takes the same way in the same order, so a loop's own
// channels go through its own queue and not around it.

extension LoopWorker where K: Kernel {
    mutating func route(_ request: HubRequest, reactor: inout LoopReactor) {
        let home = ChannelHome.loop(of: request.channel, among: outgoing.count)
        if home == index {
            reactor.postToSelf(.request(request))
        } else {
            outgoing[home].append(.request(request))
        }
    }

    /// This loop is the channel's home.
    mutating func serveHome(_ request: HubRequest, reactor: inout LoopReactor) {
        if !taps.isEmpty { tapRequest(request, at: reactor.now) }
        home.handle(request, now: wallTime, into: &deliveries)
        sendDeliveries(reactor: &reactor)
    }

    /// Takes what the home's broker has heard from its store.
    mutating func hearBroker(reactor: inout LoopReactor) {
        home.poll(now: wallTime, into: &deliveries)
        sendDeliveries(reactor: &reactor)
    }

    /// Lets the home's broker forget what has expired; an idle loop ticks once a second.
    mutating func pollHome(reactor: inout LoopReactor) {
        guard reactor.now >= nextPoll else { return }
        nextPoll = reactor.now + .seconds(1)
        hearBroker(reactor: &reactor)
        let usage = home.historyUsage
        observer.historyKept(
            usage, before: historyTold, limit: StreamLimits().share(of: settings.mailboxes.count).byteCount,
            now: reactor.now)
        historyTold = usage
    }

    private mutating func sendDeliveries(reactor: inout LoopReactor) {
        guard !deliveries.isEmpty else { return }
        var batch: [RoutedDelivery] = []
        swap(&batch, &deliveries)
        for routed in batch {
            if routed.loop == index {
                deliver(routed.delivery, reactor: &reactor)
            } else {
                outgoing[routed.loop].append(.delivery(routed.delivery))
            }
        }
        batch.removeAll(keepingCapacity: true)
        swap(&batch, &deliveries)
    }

    mutating func deliver(_ delivery: HubDelivery, reactor: inout LoopReactor) {
        switch delivery {
        case .publication(let channel, let publication): fanOut(publication, channel, reactor: &reactor)
        case .joinOrLeave(let channel, let frames):
            announce(frames, channel)
            if !taps.isEmpty { tapAnnounced(frames, channel, at: reactor.now) }
        case .insufficientState(let channel, let cause):
            losePositions(in: channel, cause, reactor: &reactor)
        case .displaced(let channel): displaceMembers(of: channel, reactor: &reactor)
        case .reply(let ticket, let answer): settings.desks.homes.answer(ticket.number, answer)
        case .answer(let ticket, let answer):
            let slot = SlotID(token: ticket.subscriber.connection)
            guard connections.contains(slot) else { return }
            let clock = clock(reactor)
            let isEntering = connections[slot].replyPlace != nil
            connections[slot].session?.answered(answer, command: ticket.command, at: clock, into: &actions)
            perform(slot, reactor: &reactor)
            // What the client said behind its connect has waited for the last of its channels.
            if isEntering, connections.contains(slot), connections[slot].replyPlace == nil {
                unpark(slot, reactor: &reactor)
            }
        }
    }

    /// Posts what this tick has for other loops.
    ///
    /// A full mailbox keeps its mail here, in order, for the next tick.
    mutating func postMail(reactor: inout LoopReactor) {
        for loop in outgoing.indices where !outgoing[loop].isEmpty {
            switch settings.mailboxes[loop].post(draining: &outgoing[loop]) {
            case .posted: break
            case .full: reactor.postToSelf(.retryMail)
            case .closed: outgoing[loop].removeAll()
            }
        }
    }
}
