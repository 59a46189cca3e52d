import BelfryBroker
import BelfryProtocol

/// A bus in the distance, worked by a test: it carries requests out when it is told, and its answers and its publications
/// come over two connections, each in order, but in no order to one another.
final class Bus {
    private(set) var table: StreamTable
    var now = WallTime(milliseconds: 1_000_000)
    private(set) var requests: [BrokerRequest] = []
    private var answers: [BrokerEvent] = []
    private var pushes: [BrokerEvent] = []
    private var subscribed: Set<String> = []
    private(set) var log: [String] = []
    /// Called when a history is read, with the moment's truth.
    var onHistory: (String, HistoryQuery) -> Void = { _, _ in }
    /// Called when a publication has got its position.
    var onPublication: (StreamPosition, Publication) -> Void = { _, _ in }
    /// The next subscribe fails.
    var failsSubscribe = false

    init(seed: UInt64 = 1) { table = StreamTable(seed: seed) }

    func submit(_ request: BrokerRequest) { requests.append(request) }

    func publish(_ text: String, to channel: String = House.channel, _ policy: HistoryPolicy?) {
        let publication = Publication(data: Array(text.utf8))
        publish(publication, to: channel, PublishOptions(history: policy))
    }

    func removeHistory(of channel: String = House.channel) { table.removeHistory(of: channel) }

    /// Forgets all streams.
    func lose(seed: UInt64) { table = StreamTable(seed: seed) }

    /// Where a channel stands; begins its stream if there is none.
    func begin(_ channel: String, _ policy: HistoryPolicy) -> StreamPosition {
        table.position(of: channel, policy: policy, now: now)
    }

    /// Carries out the oldest request.
    func work() {
        guard !requests.isEmpty else { return }
        switch requests.removeFirst() {
        case .publish(let channel, let publication, let options, let ticket):
            let position = publish(publication, to: channel, options)
            pushes.append(.published(ticket, .success(.published(position))))
        case .subscribe(let channel, let policy, let ticket):
            log.append("subscribe")
            if failsSubscribe {
                failsSubscribe = false
                answers.append(
                    .subscribed(ticket, .failure(BrokerFailure(isTemporary: true, reason: "test"))))
                return
            }
            subscribed.insert(channel)
            let top = policy.map { table.position(of: channel, policy: $0, now: now) }
            answers.append(.subscribed(ticket, .success(top)))
        case .unsubscribe(let channel):
            log.append("unsubscribe")
            subscribed.remove(channel)
        case .history(let channel, let query, let policy, let ticket):
            let page = table.history(of: channel, query, policy: policy, now: now)
            onHistory(channel, query)
            answers.append(.history(ticket, .success(page)))
        case .removeHistory(let channel, let ticket):
            table.removeHistory(of: channel)
            answers.append(.historyRemoved(ticket, .success(())))
        case .join(let channel, let info):
            log.append("join \(info.client)")
            if subscribed.contains(channel) { pushes.append(.joined(channel: channel, info)) }
        case .leave(let channel, let info):
            log.append("leave \(info.client)")
            if subscribed.contains(channel) { pushes.append(.left(channel: channel, info)) }
        }
    }

    @discardableResult
    private func publish(
        _ publication: Publication, to channel: String, _ options: PublishOptions
    ) -> StreamPosition? {
        let result = table.append(publication, to: channel, options: options, now: now)
        guard case .appended(let position) = result else { return nil }
        var placed = publication
        placed.offset = position?.offset ?? 0
        if let position { onPublication(position, publication) }
        if subscribed.contains(channel) {
            pushes.append(
                .publication(
                    BrokerPublication(
                        channel: channel, placed, position: position, usesDelta: options.usesDelta)))
        }
        return position
    }

    /// Loses the oldest publication on its way.
    func dropPush() { if !pushes.isEmpty { pushes.removeFirst() } }

    func takeAnswer() -> [BrokerEvent] { answers.isEmpty ? [] : [answers.removeFirst()] }
    func takePush() -> [BrokerEvent] { pushes.isEmpty ? [] : [pushes.removeFirst()] }

    var isIdle: Bool { requests.isEmpty && answers.isEmpty && pushes.isEmpty }

    /// Lets everything come to rest.
    func settle(_ house: inout House) {
        while !isIdle {
            work()
            house.receive(takePush())
            house.receive(takeAnswer())
        }
    }
}

/// The home's end of a ``Bus``.
struct BusBroker: Broker {
    let bus: Bus
    let usage = HistoryUsage()
    let mayLose = true

    mutating func submit(_ request: BrokerRequest, now: WallTime, into events: inout [BrokerEvent]) {
        bus.submit(request)
    }

    mutating func poll(now: WallTime, into events: inout [BrokerEvent]) {}
}
