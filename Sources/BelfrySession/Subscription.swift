import BelfryHub
import BelfryProtocol

/// One channel of one connection.
struct Subscription {
    enum Phase {
        /// The home has been asked, for this command.
        case subscribing(command: UInt32)
        case subscribed
    }

    var phase: Phase
    let membership: Membership
    let receivesJoins: Bool
    /// When the subscription ends without a refresh, in seconds since 1970.
    var expiresAt: Int64?
    /// Data for the subscribe result, from the token.
    let data: [UInt8]?
    /// The client asked to recover: it is told so even where nothing can be recovered (protocol.md 10.2).
    let wasRecovering: Bool

    var isSubscribed: Bool {
        if case .subscribed = phase { return true }
        return false
    }

    /// When it is to be ended; a subscribe in flight is answered first.
    var end: Int64? { isSubscribed ? expiresAt : nil }
}

/// A subscription that its client ended before the home had answered: both commands wait for the answer.
struct AbandonedSubscription {
    let channel: String
    let subscription: Subscription
    let subscribe: UInt32
    let unsubscribe: UInt32
}
