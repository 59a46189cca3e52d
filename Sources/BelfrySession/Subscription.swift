import BelfryHub
import BelfryProtocol

/// One channel of one connection.
struct Subscription {
    enum Phase {
        /// The home has been asked; `unsubscribe` is a command that waits until the subscribe is answered.
        case subscribing(unsubscribe: UInt32?)
        case subscribed
    }

    var phase = Phase.subscribing(unsubscribe: nil)
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
}
