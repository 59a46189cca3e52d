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
    /// It is told its place in the stream, and that it has missed something.
    let isPositioned: Bool
    /// It may come back and get what it has missed.
    let isRecoverable: Bool
    /// Which publications it wants, by their tags; `nil` for all.
    let filter: TagsFilter?
    /// When the subscription ends without a refresh, in seconds since 1970.
    var expiresAt: Int64?
    /// Data for the subscribe result, from the token.
    let data: [UInt8]?
    /// Without recovery the client would rather not be subscribed.
    let refusesLoss: Bool
    /// The client asked to recover: it is told so even where nothing can be recovered (protocol.md 10.2).
    let wasRecovering: Bool

    var isSubscribed: Bool {
        if case .subscribed = phase { return true }
        return false
    }

    var wantsDelta: Bool { membership.wantsDelta }

    /// As the loop's list of members keeps it.
    func options(_ codec: Codec) -> MemberOptions {
        var options: MemberOptions = codec == .protobuf ? .protobuf : []
        if receivesJoins { options.insert(.joins) }
        if isPositioned { options.insert(.positioned) }
        if wantsDelta { options.insert(.delta) }
        if filter != nil { options.insert(.filter) }
        return options
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
