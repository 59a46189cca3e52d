package import BelfryAuth
package import BelfryHub
package import BelfryLimits
package import BelfryProtocol

/// What the shell around a session has to do, in order.
package enum SessionAction: Sendable {
    /// Send one encoded reply or push.
    case send([UInt8])
    /// Verify a token off the loop, then call ``ClientSession/verified(connection:at:into:)``.
    case verifyConnection(Token)
    /// Verify a token off the loop, then call ``ClientSession/verified(subscription:at:into:)``.
    case verifySubscription(Token)
    /// Ask the home loop of the request's channel.
    case ask(HubRequest)
    /// Deliver the channel's pushes to this connection from now on.
    ///
    /// - `after`: Publications up to this offset came with the subscribe reply.
    case join(channel: String, MemberOptions, after: UInt64)
    /// Whatever is queued from now on goes out behind the message of ``release(_:)``.
    case hold
    /// Send this message, then what was held.
    case release([UInt8])
    /// Stop delivering the channel's pushes.
    case leave(channel: String)
    /// The client is authenticated: start pings, and arm the expiry timer.
    case admitted
    /// An error answered the connect command: wait a little for the client to close, then drop it (protocol.md 7.4).
    case awaitClose
    /// Flush what is queued, then close with this code.
    case close(DisconnectCode)
    /// The client answered a ping.
    case ponged
    /// Something to count and, where an auditor wants it, to log.
    case note(SessionFact)
}

/// Facts that the observer turns into metrics and events.
package enum SessionFact: Sendable {
    case authenticated(AdmissionMethod)
    case tokenRefused(TokenRefusal)
    case denied(DeniedAction, channel: String, DenialReason)
    /// What the limits said to a command; `key` names whose budget refused it.
    case limitDecided(LimitOutcome, key: LimitKey?)
    case commandAccepted(CommandKind)
    case commandRefused(ErrorCode)
    /// A client asked for what it had missed.
    case recovery(RecoveryOutcome)
    /// A subscription ended because publications were missing before the next one.
    case positionLost
    /// A publication was accepted, of so many bytes.
    case published(byteCount: Int)
    /// The connection's token ran out at this time (seconds since 1970) and was not refreshed.
    case expired(Int64)
}

/// How a client was admitted.
package enum AdmissionMethod: String, CaseIterable, Sendable {
    case connectToken = "connect"
    case upgradeToken = "upgrade"
    case anonymous
    case insecure
}

/// What a client may be refused for lack of permission.
package enum DeniedAction: String, CaseIterable, Sendable {
    case subscribe
    case publish
    case presence
    case history
    case rpc
}

extension DeniedAction {
    init(_ action: ChannelAction) {
        self =
            switch action {
            case .subscribe: .subscribe
            case .publish: .publish
            case .presence: .presence
            case .history: .history
            }
    }
}

/// Kinds of commands that are counted when accepted.
package enum CommandKind: String, CaseIterable, Sendable {
    case connect
    case subscribe
    case unsubscribe
    case publish
    case presence
    case history
    case refresh
}

extension [SessionAction] {
    /// Sends what `encode` writes.
    mutating func send(_ encode: (inout [UInt8]) -> Void) {
        var bytes: [UInt8] = []
        encode(&bytes)
        append(.send(bytes))
    }
}
