import BelfryBroker

/// A broker whose first answers are failures.
struct FailingBroker: Broker {
    let isTemporary: Bool
    var failures: Int
    private var memory = MemoryBroker(epoch: "epoch")

    init(isTemporary: Bool, failures: Int) {
        self.isTemporary = isTemporary
        self.failures = failures
    }

    mutating func submit(_ request: BrokerRequest, into events: inout [BrokerEvent]) {
        guard failures > 0 else { return memory.submit(request, into: &events) }
        let failure = BrokerFailure(isTemporary: isTemporary, reason: "not for clients")
        switch request {
        case .subscribe(_, let ticket): events.append(.subscribed(ticket, .failure(failure)))
        case .publish(_, _, let ticket): events.append(.published(ticket, .failure(failure)))
        case .unsubscribe, .join, .leave: return
        }
        failures -= 1
    }
}
