package import BelfryProtocol

// What a broker is: the bus on which nodes meet, and the one place where a channel gets its order.
//
// Requests go in, events come out, now or later. The in-memory broker answers inside `submit`; a driver for a remote
// one answers when the network does, through the same events. A node never delivers a publication before the broker
// has returned it as an event, so there is one order everywhere, and the reply to a publish comes after the broker's
// acknowledgement.

/// A number the asker chooses to recognise the answer.
package struct BrokerTicket: Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// What a node asks of the bus.
package enum BrokerRequest: Sendable {
    /// Appends a publication; answered by ``BrokerEvent/published(_:_:)`` after it was returned to subscribed nodes.
    case publish(channel: String, Publication, BrokerTicket)
    /// This node wants the channel's events; answered by ``BrokerEvent/subscribed(_:_:)``. Idempotent.
    case subscribe(channel: String, BrokerTicket)
    /// This node no longer wants the channel's events. Idempotent, never answered.
    case unsubscribe(channel: String)
    /// Tells subscribed nodes that a client joined; at most once, no position.
    case join(channel: String, ClientInfo)
    /// Tells subscribed nodes that a client left; at most once, no position.
    case leave(channel: String, ClientInfo)
}

/// What the bus tells a node.
package enum BrokerEvent: Sendable {
    case published(BrokerTicket, Result<StreamPosition, BrokerFailure>)
    case subscribed(BrokerTicket, Result<StreamPosition, BrokerFailure>)
    case publication(channel: String, Publication, StreamPosition)
    case joined(channel: String, ClientInfo)
    case left(channel: String, ClientInfo)
}

/// Why a request was not carried out.
package struct BrokerFailure: Error, Equatable, Sendable {
    /// Trying again may succeed: the client gets a temporary error.
    package let isTemporary: Bool
    /// For operators; never sent to a client.
    package let reason: String

    package init(isTemporary: Bool, reason: String) {
        self.isTemporary = isTemporary
        self.reason = reason
    }
}

/// The bus between nodes, as seen from one home loop.
package protocol Broker {
    /// Takes one request.
    ///
    /// - Parameters:
    ///   - request: Requests of one channel take effect in the order given.
    ///   - events: Receives what is known at once, in order.
    mutating func submit(_ request: BrokerRequest, into events: inout [BrokerEvent])
}
