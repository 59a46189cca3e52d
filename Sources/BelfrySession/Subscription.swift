import BelfryAuth
import BelfryHub
import BelfryProtocol

/// One channel of one connection.
struct Subscription {
    enum Phase {
        /// The home has been asked, for this command.
        case subscribing(command: UInt32)
        case subscribed
    }

    enum Origin {
        case client
        /// The server made it, with the connect (protocol.md 13).
        case connect
        /// The server made it later, on a live connection.
        case server
    }

    var phase: Phase
    let origin: Origin
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
    /// Of the subscription token, for revocations; boxed, since most subscriptions have none.
    var mark: SubscriptionMark?
    /// Data for the subscribe result, from the token.
    let data: [UInt8]?
    /// Without recovery the client would rather not be subscribed.
    let refusesLoss: Bool
    /// The client asked to recover: it is told so even where nothing can be recovered (protocol.md 10.2).
    let wasRecovering: Bool
    /// It ends when a refresh brings a token whose `caps` no longer grant it.
    let restsOnCapability: Bool
    /// Milliseconds; for the subscribe result.
    let publishDebounce: UInt32

    var isServerSide: Bool { origin != .client }

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
        if membership.takesCompressed { options.insert(.compressed) }
        return options
    }

    /// When it is to be ended; a subscribe in flight is answered first.
    var end: Int64? { isSubscribed ? expiresAt : nil }
}

/// What revocations of a subscription token go by.
final class SubscriptionMark: Sendable {
    let mark: TokenMark

    init(_ proof: TokenProof) { mark = proof.mark }
}

/// A subscription that was ended before the home had answered: what is to be said about both waits for the answer.
struct AbandonedSubscription {
    enum End {
        /// By this command.
        case byClient(UInt32)
        case byServer(UnsubscribeCode)
    }

    let channel: String
    let subscription: Subscription
    let subscribe: UInt32
    let end: End
}
