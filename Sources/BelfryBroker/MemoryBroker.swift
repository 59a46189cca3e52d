import BelfryProtocol

/// The broker of a single node: numbers publications and returns them in the same call.
///
/// One instance belongs to one home loop and holds the channels whose home that loop is. A channel's number starts over
/// once nobody is subscribed, because without history there is nothing a position could be compared with.
package struct MemoryBroker: Broker {
    /// The newest offset of each subscribed channel.
    private var tops: [String: UInt64] = [:]
    private let epoch: String

    /// - Parameter epoch: Names this life of the node; a position of another epoch means nothing here.
    package init(epoch: String) { self.epoch = epoch }

    package mutating func submit(_ request: BrokerRequest, into events: inout [BrokerEvent]) {
        switch request {
        case .publish(let channel, let publication, let ticket):
            publish(publication, in: channel, ticket, into: &events)
        case .subscribe(let channel, let ticket):
            let top = tops[channel, default: 0]
            tops[channel] = top
            events.append(.subscribed(ticket, .success(StreamPosition(offset: top, epoch: epoch))))
        case .unsubscribe(let channel):
            tops[channel] = nil
        case .join(let channel, let info):
            if tops[channel] != nil { events.append(.joined(channel: channel, info)) }
        case .leave(let channel, let info):
            if tops[channel] != nil { events.append(.left(channel: channel, info)) }
        }
    }

    private mutating func publish(
        _ publication: Publication, in channel: String, _ ticket: BrokerTicket,
        into events: inout [BrokerEvent]
    ) {
        guard let top = tops[channel] else {
            // Nobody listens anywhere, since this is the only node: accepted, and there is nothing to return.
            events.append(.published(ticket, .success(StreamPosition(offset: 0, epoch: epoch))))
            return
        }
        let position = StreamPosition(offset: top + 1, epoch: epoch)
        tops[channel] = position.offset
        events.append(.publication(channel: channel, publication, position))
        events.append(.published(ticket, .success(position)))
    }
}
