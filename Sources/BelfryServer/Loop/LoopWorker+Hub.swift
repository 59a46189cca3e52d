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
        home.handle(request, into: &deliveries)
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
        case .publication(let channel, let frame): fanOut(frame, channel, now: reactor.now)
        case .joinOrLeave(let channel, let frame): announce(frame, channel)
        case .answer(let ticket, let answer):
            let slot = SlotID(token: ticket.subscriber.connection)
            guard connections.contains(slot) else { return }
            let clock = clock(reactor)
            connections[slot].session?.answered(answer, command: ticket.command, at: clock, into: &actions)
            perform(slot, reactor: &reactor)
        }
    }

    /// One entry in the frame table, one small index a member: nothing here allocates, locks or counts references.
    private mutating func fanOut(_ frame: OutboundFrame, _ channel: String, now: Instant) {
        let members = self.members.members(of: channel)
        guard !members.isEmpty else { return }
        let index = frames.insert(frame, holders: members.count)
        let byteCount = frame.bytes.count
        var taken = 0
        for member in members {
            taken += append(index, byteCount, SlotID(token: member.connection)) ? 1 : 0
        }
        frames.release(index, holders: members.count - taken)
        observer.fannedOut(to: taken, byteCount: byteCount)
    }

    private mutating func announce(_ frame: OutboundFrame, _ channel: String) {
        let members = self.members.members(of: channel).filter(\.receivesJoins)
        guard !members.isEmpty else { return }
        let index = frames.insert(frame, holders: members.count)
        var taken = 0
        for member in members {
            taken += append(index, frame.bytes.count, SlotID(token: member.connection)) ? 1 : 0
        }
        frames.release(index, holders: members.count - taken)
        observer.pushed(to: taken, byteCount: frame.bytes.count)
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
