import BelfryBroker

/// A broker over a bus that loses every publication while it is told to.
struct LossyBroker: Broker {
    final class Weather { var isBad = false }

    let weather = Weather()
    let mayLose = true
    private var memory = MemoryBroker(seed: 1)
    var usage: HistoryUsage { memory.usage }

    mutating func submit(_ request: BrokerRequest, now: WallTime, into events: inout [BrokerEvent]) {
        var said: [BrokerEvent] = []
        memory.submit(request, now: now, into: &said)
        events += said.filter { event in
            if case .publication = event { return !weather.isBad }
            return true
        }
    }

    mutating func poll(now: WallTime, into events: inout [BrokerEvent]) {
        memory.poll(now: now, into: &events)
    }
}
