import BelfryHub
import BelfryProtocol

// unsubscribe, and what else ends a subscription (protocol.md 9.7 and 11).
//
// A client may leave a channel before the home has answered its subscribe, and enter it again at once: SDKs
// do when an application calls one after the other. So an abandoned subscription is given back right away,
// and only its two replies wait. The home sees subscribe, unsubscribe, subscribe in the client's order.

extension ClientSession {
    /// Abandoned subscriptions that may wait for their answer: as many commands as one frame holds.
    ///
    /// Beyond that a subscribe is told to come back later.
    static var abandonedMax: Int { ProtocolLimits.commandsPerFrame }

    mutating func unsubscribe(_ channel: String, _ command: UInt32, into actions: inout [SessionAction]) {
        guard !channel.isEmpty else { return end(.badRequest, into: &actions) }
        guard let subscription = drop(channel, into: &actions), subscription.origin == .client,
            case .subscribing(let subscribe) = subscription.phase
        else { return confirmUnsubscribe(command, into: &actions) }
        abandoned.append(
            AbandonedSubscription(
                channel: channel, subscription: subscription, subscribe: subscribe, end: .byClient(command)))
    }

    /// Says what is left to say about an abandoned subscription, once its subscribe is answered.
    ///
    /// A client that was not told that it is subscribed need not hear that the server has ended it.
    func confirmEnd(
        of abandoned: AbandonedSubscription, isSubscribed: Bool = true, into actions: inout [SessionAction]
    ) {
        switch abandoned.end {
        case .byClient(let command): confirmUnsubscribe(command, into: &actions)
        case .byServer(let code):
            guard isSubscribed else { return }
            actions.send { codec.pushes.unsubscribe(channel: abandoned.channel, code, into: &$0) }
        }
    }

    func confirmUnsubscribe(_ command: UInt32, into actions: inout [SessionAction]) {
        actions.append(.note(.commandAccepted(.unsubscribe)))
        actions.send { codec.replies.unsubscribe(id: command, into: &$0) }
    }

    /// The abandoned subscription that an answer belongs to.
    ///
    /// Clients may use an id twice; then the older one is meant.
    mutating func takeAbandoned(_ channel: String, _ command: UInt32) -> AbandonedSubscription? {
        guard !abandoned.isEmpty else { return nil }
        return abandoned.firstIndex { $0.channel == channel && $0.subscribe == command }
            .map { abandoned.remove(at: $0) }
    }

    /// Ends a subscription on both sides of the hub.
    ///
    /// - Returns: What it was, or `nil` when there was none.
    @discardableResult
    mutating func drop(_ channel: String, into actions: inout [SessionAction]) -> Subscription? {
        guard isSubscribed(to: channel), let subscription = subscriptions.removeValue(forKey: channel)
        else { return nil }
        if subscription.origin == .server, !subscription.isSubscribed { awaitStaleAnswer(of: channel) }
        giveBack(subscription, of: channel, into: &actions)
        return subscription
    }

    /// Tells loop and home; each subscribe that was asked is given back exactly once.
    func giveBack(
        _ subscription: Subscription, of channel: String, into actions: inout [SessionAction]
    ) {
        if subscription.isSubscribed { actions.append(.leave(channel: channel)) }
        actions.append(.ask(.unsubscribe(channel: channel, subscription.membership, subscriber)))
    }
}
