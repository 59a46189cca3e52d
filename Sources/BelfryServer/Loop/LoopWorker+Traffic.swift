import BelfryHub
import BelfryReactor

extension LoopWorker where K: Kernel {
    /// The detectors ask for what this loop has seen.
    mutating func handOverTraffic(to inbox: TrafficInbox) {
        var stillBlocked: [SlotID] = []
        for slot in traffic.blocked where connections.contains(slot) {
            if connections[slot].isWriteBlocked {
                traffic.isSlow(connections[slot])
                stillBlocked.append(slot)
            } else {
                connections[slot].record.isListedAsBlocked = false
            }
        }
        inbox.put(traffic.take(stillBlocked: stillBlocked), from: index)
    }

    /// A client's request on its way to a channel's home.
    mutating func noteTraffic(_ request: HubRequest, _ slot: SlotID) {
        guard case .publish(let channel, _, _, _) = request else { return }
        traffic.published(by: connections[slot].record.subjectKey, in: channel)
    }
}
