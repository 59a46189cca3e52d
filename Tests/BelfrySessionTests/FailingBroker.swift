import BelfryBroker

/// A broker whose first answers are failures.
struct FailingBroker: Broker {
    let isTemporary: Bool
    var failures: Int
    private var memory = MemoryBroker(seed: 1)
    var usage: HistoryUsage { memory.usage }

    init(isTemporary: Bool, failures: Int) {
        self.isTemporary = isTemporary
        self.failures = failures
    }

    mutating func submit(_ request: BrokerRequest, now: WallTime, into events: inout [BrokerEvent]) {
        guard failures > 0 else { return memory.submit(request, now: now, into: &events) }
        let failure = BrokerFailure(isTemporary: isTemporary, reason: "not for clients")
        switch request {
        case .subscribe(_, _, let ticket): events.append(.subscribed(ticket, .failure(failure)))
        case .publish(_, _, _, let ticket): events.append(.published(ticket, .failure(failure)))
        case .history(_, _, _, let ticket): events.append(.history(ticket, .failure(failure)))
        case .removeHistory(_, let ticket): events.append(.historyRemoved(ticket, .failure(failure)))
        case .unsubscribe, .join, .leave: return
        }
        failures -= 1
    }

    mutating func poll(now: WallTime, into events: inout [BrokerEvent]) {
        memory.poll(now: now, into: &events)
    }
}
