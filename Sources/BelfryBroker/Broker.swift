package import BelfryBytes
package import BelfryProtocol

// What a broker is: the bus on which nodes meet, and the one place where a channel gets its order.
//
// Requests go in, events come out, now or later. The in-memory broker answers inside `submit`; one that writes to disk
// or asks the network answers through the same events when `poll` finds them. A node never delivers a publication
// before the broker has returned it as an event, so there is one order everywhere, and the reply to a publish comes
// after the broker's acknowledgement.

/// A number the asker chooses to recognise the answer.
package struct BrokerTicket: Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// What a node asks of the bus.
package enum BrokerRequest: Sendable {
    /// Appends a publication; answered by ``BrokerEvent/published(_:_:)`` after it was returned to subscribed nodes.
    case publish(channel: String, Publication, PublishOptions, BrokerTicket)
    /// This node wants the channel's events; answered by ``BrokerEvent/subscribed(_:_:)``. Idempotent.
    ///
    /// With a policy the channel's stream begins now if there is none, and the answer has its top.
    case subscribe(channel: String, HistoryPolicy?, BrokerTicket)
    /// This node no longer wants the channel's events. Idempotent, never answered.
    case unsubscribe(channel: String)
    /// Reads a part of the stream; answered by ``BrokerEvent/history(_:_:)``.
    case history(channel: String, HistoryQuery, HistoryPolicy, BrokerTicket)
    /// Drops the stream's publications, not its epoch and top; answered by ``BrokerEvent/historyRemoved(_:_:)``.
    case removeHistory(channel: String, BrokerTicket)
    /// Tells subscribed nodes that a client joined; at most once, no position.
    case join(channel: String, ClientInfo)
    /// Tells subscribed nodes that a client left; at most once, no position.
    case leave(channel: String, ClientInfo)

    /// The channel concerned.
    package var channel: String {
        switch self {
        case .publish(let channel, _, _, _), .subscribe(let channel, _, _), .unsubscribe(let channel),
            .history(let channel, _, _, _), .removeHistory(let channel, _), .join(let channel, _),
            .leave(let channel, _):
            channel
        }
    }
}

/// What the bus tells a node.
///
/// A publication above the top of a `subscribed` or `history` answer comes as an event after the subscribe, be it before
/// or behind that answer; one at or below may come as well.
package enum BrokerEvent: Sendable {
    case published(BrokerTicket, Result<PublishOutcome, BrokerFailure>)
    /// With the stream's top when a policy was given and the broker keeps history.
    case subscribed(BrokerTicket, Result<StreamPosition?, BrokerFailure>)
    case history(BrokerTicket, Result<HistoryPage, BrokerFailure>)
    case historyRemoved(BrokerTicket, Result<Void, BrokerFailure>)
    case publication(BrokerPublication)
    case joined(channel: String, ClientInfo)
    case left(channel: String, ClientInfo)
}

/// A publication as the bus returns it to subscribed nodes.
package struct BrokerPublication: Sendable {
    package let channel: String
    /// Carries its offset, and with offset 1 the epoch.
    package let publication: Publication
    /// `nil` when it was not stored.
    package let position: StreamPosition?
    /// Subscribers that agreed to delta may get it as a patch.
    package let usesDelta: Bool
    /// When this node received it; `nil` when another node did.
    package let receivedAt: Instant?

    package init(
        channel: String, _ publication: Publication, position: StreamPosition?, usesDelta: Bool = false,
        receivedAt: Instant? = nil
    ) {
        self.channel = channel
        self.publication = publication
        self.position = position
        self.usesDelta = usesDelta
        self.receivedAt = receivedAt
    }
}

/// What became of an accepted publish; positions are `nil` in channels without history.
package enum PublishOutcome: Equatable, Sendable {
    case published(StreamPosition?)
    /// Its idempotency key was seen before; the first one's position.
    case duplicate(StreamPosition?)
    /// A newer version is known; the top.
    case outdated(StreamPosition)

    /// What the publisher is told.
    package var position: StreamPosition? {
        switch self {
        case .published(let position), .duplicate(let position): position
        case .outdated(let top): top
        }
    }
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

/// What a broker keeps in memory of histories.
package struct HistoryUsage: Equatable, Sendable {
    /// Channels whose place in their stream is known, those without publications included.
    package var streams = 0
    package var publications = 0
    /// Of the publications, roughly.
    package var byteCount = 0
    /// Publications dropped before their end because memory was short; only ever grows.
    package var shedPublications: UInt64 = 0
    /// Streams forgotten before their end because there were too many; only ever grows.
    package var shedStreams: UInt64 = 0

    package init() {}
}

/// The bus between nodes, as seen from one home loop.
package protocol Broker {
    /// Takes one request.
    ///
    /// - Parameters:
    ///   - request: Requests of one channel take effect in the order given.
    ///   - now: The wall clock, since stored publications outlive the process.
    ///   - events: Receives what is known at once, in order.
    mutating func submit(_ request: BrokerRequest, now: WallTime, into events: inout [BrokerEvent])

    /// Hands over what has become known since, and does a bounded piece of its housekeeping.
    ///
    /// Called when the broker has asked its loop for it, and now and then.
    mutating func poll(now: WallTime, into events: inout [BrokerEvent])

    var usage: HistoryUsage { get }

    /// Publications may get lost between the broker and this node, so positions are compared now and then.
    var mayLose: Bool { get }
}

extension Broker {
    package var mayLose: Bool { false }
}
