import BelfryAPI
import BelfryHub
import BelfryProtocol
import BelfryReactor
import BelfrySession

// What the server API wants of a user's connections on this loop, and of the channels whose home it is. Connections are
// looked for in slices of the table, so that one question about a full table never holds messages up.

extension LoopWorker where K: Kernel {
    /// Connections looked at in one go: a thousand take about 0.15 ms.
    private static var errandSlice: Int { 1_024 }

    mutating func run(_ errand: LoopErrand, reactor: inout LoopReactor) {
        var errand = errand
        switch errand.work {
        case .channels:
            errand.answer.channels = home.memberCounts.map {
                ChannelCount(channel: $0.channel, clients: $0.count)
            }
            settings.desks.errands.answer(errand.number, errand.answer)
        case .deed(let call):
            walk(errand, call.choice, reactor: &reactor) { worker, slot, answer, reactor in
                let error = worker.carryOut(call.deed, slot, reactor: &reactor)
                if let error { answer.error = error }
            }
        case .connections(let choice):
            walk(errand, choice, reactor: &reactor) { worker, slot, answer, _ in
                guard answer.connections.count <= APILimits.connections,
                    let listing = worker.connections[slot].session?.listing
                else { return }
                answer.connections.append(listing)
            }
        }
    }

    private mutating func walk(
        _ errand: LoopErrand, _ choice: ConnectionChoice, reactor: inout LoopReactor,
        _ visit: (inout Self, SlotID, inout ErrandAnswer, inout LoopReactor) -> Void
    ) {
        var errand = errand
        var left = Self.errandSlice
        while let slot = connections.live(from: errand.cursor) {
            if left == 0 { return reactor.postToSelf(.errand(errand)) }
            left -= 1
            errand.cursor = slot.index + 1
            if connections[slot].isMeant(by: choice) { visit(&self, slot, &errand.answer, &reactor) }
        }
        settings.desks.errands.answer(errand.number, errand.answer)
    }

    private mutating func carryOut(
        _ deed: ServerDeed, _ slot: SlotID, reactor: inout LoopReactor
    ) -> ErrorCode? {
        let clock = clock(reactor)
        let error = connections[slot].session?.carryOut(deed, at: clock, into: &actions) ?? nil
        perform(slot, reactor: &reactor)
        rearmExpiry(slot, reactor: &reactor)
        return error
    }
}

extension Connection {
    fileprivate func isMeant(by choice: ConnectionChoice) -> Bool { session?.isMeant(by: choice) == true }
}
