package import BelfryAuth
package import BelfryHub
import BelfryLimits
package import BelfryProtocol

// One client's conversation: commands in, actions out.
//
//   greeting ──connect──▶ verifying ──token good──▶ entering its channels ──▶ open ──▶ ended
//      │                      │
//      │                      └─ token expired: error 109 ─▶ unusable ──▶ ended
//      └─ anything else: close 3501
//
// Always: (1) commands are handled one after another; while the session waits (`isWaiting`) the shell feeds
// none, so nothing runs before the connect is decided (protocol.md 7.3). (2) Nothing but a verified token, or a switch
// in the policy, makes a session open. (3) Each accepted command ends in exactly one reply, error or close.

/// The state machine of one connection's Centrifuge conversation.
package struct ClientSession {
    enum State {
        case greeting
        case verifying(TokenPurpose)
        /// The homes of the channels that come with the connect are asked.
        case entering(Admission)
        case open
        /// A connect error was sent; `isFirstMessage` while the message that held the connect is still being read.
        case unusable(isFirstMessage: Bool)
        case ended
    }

    /// What a token under verification is for.
    enum TokenPurpose {
        case connect(command: UInt32, wishes: [String: SubscribeRequest])
        case refresh(command: UInt32)
        case subscribe(SubscribeRequest, command: UInt32)
        case subscriptionRefresh(channel: String, command: UInt32)
    }

    let policy: SessionPolicy
    /// This connection, as the hub names it.
    let subscriber: SubscriberID
    /// The connection's id in the protocol (UUID v4).
    package let client: String
    /// The user of the verified token; empty for anonymous users and before authentication.
    package internal(set) var user = ""
    /// Name of the SDK, from the connect command.
    package internal(set) var clientName = ""
    /// The token that admitted the client, if one did.
    package internal(set) var token: ConnectionToken?
    /// From the token in force.
    var capabilities = Capabilities.none
    var state = State.greeting
    var info: [UInt8]?
    var expiresAt: Int64?
    var subscriptions: [String: Subscription] = [:]
    /// In the order in which their subscribes were asked, which is the order of the answers.
    var abandoned: [AbandonedSubscription] = []
    /// Answers still to come for live subscriptions that have ended meanwhile, by channel.
    var staleAnswers: [String: Int] = [:]
    /// The token that the upgrade request carried, already verified.
    var upgradeToken: ConnectionToken?
    let usesNativePing: Bool
    /// How the connection's messages are written.
    package let codec: Codec
    /// The connection takes compressed frames.
    let takesCompressed: Bool
    var holdsUserSlot = false
    /// Pings sent and not yet answered.
    var pingsOutstanding = 0
    /// Budgets of this connection alone.
    var connectionLimits = ConnectionLimits()
    /// The user's budgets; `nil` for anonymous users and before authentication.
    var userKey: LimitKey?

    /// - Parameters:
    ///   - client: A fresh UUID, unique in the cluster.
    ///   - subscriber: How the hub is to name this connection.
    ///   - upgradeToken: The verified token of the upgrade request, if it carried one.
    ///   - codec: What the upgrade agreed on.
    ///   - takesCompressed: It agreed on compression too.
    ///   - usesNativePing: The client wants WebSocket pings in place of the protocol's (protocol.md 8.4).
    ///   - policy: What all sessions of the process follow.
    package init(
        client: String, subscriber: SubscriberID, upgradeToken: ConnectionToken?, codec: Codec,
        takesCompressed: Bool = false, usesNativePing: Bool, policy: SessionPolicy
    ) {
        self.client = client
        self.subscriber = subscriber
        self.upgradeToken = upgradeToken
        self.codec = codec
        self.takesCompressed = takesCompressed
        self.usesNativePing = usesNativePing
        self.policy = policy
    }

    /// The shell must not feed commands now: a token is being verified, or channels are being entered.
    package var isWaiting: Bool {
        switch state {
        case .verifying, .entering: true
        case .greeting, .open, .unusable, .ended: false
        }
    }

    /// The client is authenticated.
    package var isOpen: Bool {
        switch state {
        case .open: true
        case .verifying(.connect), .entering, .greeting, .unusable, .ended: false
        case .verifying: true
        }
    }

    /// The connect command failed; nothing is served until the client closes.
    package var isUnusable: Bool {
        if case .unusable = state { return true }
        return false
    }

    /// Channels this connection is subscribed to, or about to be.
    package var channelCount: Int { subscriptions.count }

    /// Their names.
    package var channels: [String] { Array(subscriptions.keys) }

    /// Whether the connection takes part in `channel`.
    ///
    /// Channels have ASCII names. Other text may be equal to one (U+212A KELVIN SIGN is a K to `==`), but its
    /// home is another, so it must not pass for it.
    package func isSubscribed(to channel: String) -> Bool {
        channel.utf8.allSatisfy { $0 < 0x80 } && subscriptions[channel] != nil
    }

    /// A new WebSocket message begins.
    package mutating func beginMessage() {
        if case .unusable = state { state = .unusable(isFirstMessage: false) }
    }

    /// Handles one command (protocol.md 4).
    package mutating func handle(
        _ command: Command, at clock: SessionClock, into actions: inout [SessionAction]
    ) {
        switch state {
        case .verifying, .entering: preconditionFailure("a command was fed while the session waits")
        case .ended: return
        case .unusable(let isFirstMessage):
            // The rest of the frame that held the failed connect is dropped: closing would race with the error reply.
            if !isFirstMessage { end(.badRequest, into: &actions) }
        case .greeting: greet(command, at: clock, into: &actions)
        case .open: dispatch(command, at: clock, into: &actions)
        }
    }

    private mutating func dispatch(
        _ command: Command, at clock: SessionClock, into actions: inout [SessionAction]
    ) {
        if command.isPong { return pong(into: &actions) }
        if case .send = command.request { return end(.notAvailable, into: &actions) }
        guard command.id != 0 else { return end(.badRequest, into: &actions) }
        guard charge(command, at: clock, into: &actions) else { return }
        switch command.request {
        case .subscribe(let request): subscribe(request, command.id, at: clock, into: &actions)
        case .unsubscribe(let request): unsubscribe(request.channel, command.id, into: &actions)
        case .publish(let request): publish(request, command.id, at: clock, into: &actions)
        case .presence(let request): presence(request.channel, command.id, into: &actions)
        case .presenceStats(let request): presenceStatistics(request.channel, command.id, into: &actions)
        case .history(let request): history(request, command.id, into: &actions)
        case .rpc: refuse(.notAvailable, command.id, into: &actions)
        case .refresh(let request): refresh(with: request.token, command.id, into: &actions)
        case .subRefresh(let request): refreshSubscription(request, command.id, into: &actions)
        case .connect, .ping, .empty, .send: end(.badRequest, into: &actions)
        }
    }

    /// Ends the conversation: nothing is handled any more.
    mutating func end(_ code: DisconnectCode, into actions: inout [SessionAction]) {
        state = .ended
        actions.append(.close(code))
    }

    func refuse(_ error: ErrorCode, _ command: UInt32, into actions: inout [SessionAction]) {
        actions.append(.note(.commandRefused(error)))
        actions.send { codec.replies.error(id: command, error, into: &$0) }
    }

    func deny(
        _ action: ChannelAction, channel: String, _ command: UInt32, into actions: inout [SessionAction]
    ) {
        actions.append(.note(.denied(DeniedAction(action), channel: channel, reason(action, on: channel))))
        refuse(.permissionDenied, command, into: &actions)
    }

    /// Leaves every channel and gives back what the connection held; the shell calls it once, when it is gone.
    package mutating func leaveAll(into actions: inout [SessionAction]) {
        state = .ended
        for (channel, subscription) in subscriptions { giveBack(subscription, of: channel, into: &actions) }
        (subscriptions, abandoned, staleAnswers) = ([:], [], [:])
        releaseUserSlot()
    }
}
