/// The status codes the public port answers with.
@frozen public enum HTTPCode: UInt8, MetricLabel {
    case switchingProtocols, ok, badRequest, unauthorized, forbidden, notFound, methodNotAllowed,
        upgradeRequired
    case tooManyRequests, headTooLarge, unavailable, other

    private static let codes: [UInt16] = [101, 200, 400, 401, 403, 404, 405, 426, 429, 431, 503]

    public var label: String { Int(rawValue) < Self.codes.count ? "\(Self.codes[Int(rawValue)])" : "other" }

    public init(status: UInt16) {
        let place = Self.codes.firstIndex(of: status) ?? Self.codes.count
        self = Self.allCases[place]
    }
}

/// How a request to upgrade ended.
@frozen public enum UpgradeOutcome: UInt8, MetricLabel {
    case accepted
    case badRequest
    case origin
    case version
    case subprotocol
    case credentials
    case limit
    case draining
}

/// How a peer broke RFC 6455: the words of `FrameError.Kind`, in its order.
@frozen public enum FrameFault: UInt8, MetricLabel {
    case reserved, unmasked, control, fragmentation, length, close, utf8, tooBig, deflate
}

/// The frames of RFC 6455, in the order of `Opcode`.
@frozen public enum FrameOpcode: UInt8, MetricLabel {
    case continuation, text, binary, close, ping, pong
}

/// Which way a message went.
@frozen public enum MessageDirection: UInt8, MetricLabel {
    case received, sent
}

/// Whether a message is counted as it was written or as it travelled.
@frozen public enum MessageForm: UInt8, MetricLabel {
    case plain, compressed
}

/// What bytes are counted as.
@frozen public enum ByteLayer: UInt8, MetricLabel {
    /// Ciphertext, as the kernel took or gave it.
    case wire
    /// Payloads of data frames.
    case payload
}

/// Why a token was refused: the words of `TokenRefusal`, in its order.
@frozen public enum AuthFailure: UInt8, MetricLabel {
    case missing, malformed, alg, kid, signature, expired, notYet, issuer, audience, subject, scope, revoked
    case replayed, blocked, binding
    case `internal`
}

/// What an operator may refuse: the targets of a `Denial`, in their order.
@frozen public enum DenialKind: UInt8, MetricLabel {
    /// One token, by its id.
    case token
    /// A user's tokens issued before a moment.
    case userTokens
    case user
    case address
}

/// The families of verification keys.
@frozen public enum KeyFamily: UInt8, MetricLabel {
    case hmac, rsa, ecdsa, eddsa
}

/// What a client may be refused for lack of permission: the words of `DeniedAction`, in its order.
@frozen public enum DeniedOperation: UInt8, MetricLabel {
    case subscribe, publish, presence, history, rpc
}

/// How a recovery ended: the words of `RecoveryOutcome`, in its order.
@frozen public enum RecoveryResult: UInt8, MetricLabel {
    case recovered, epochChanged, expired, trimmed, limitExceeded, offsetAhead, cacheEmpty, notRecoverable
}

/// What may be dropped of a history before its time.
@frozen public enum HistoryItem: UInt8, MetricLabel {
    case publication, stream
}

/// Why a change was not stored.
@frozen public enum StoreRefusal: UInt8, MetricLabel {
    /// Too much waited already.
    case queueFull
    /// A commit failed, or had failed just before.
    case failed
}

/// What an accepted command did: the words of `CommandKind`, in its order.
@frozen public enum MessageType: UInt8, MetricLabel {
    case connect, subscribe, unsubscribe, publish, presence, history, refresh
}

/// Why a command was refused.
@frozen public enum MessageRejection: UInt8, MetricLabel {
    case badRequest, unknownChannel, permissionDenied, rateLimited, limitExceeded, notAvailable, credentials
    case position
    case `internal`

    /// What a Centrifuge error code means (protocol.md 14).
    public init(errorCode: UInt32) {
        self =
            switch errorCode {
            case 105, 107: .badRequest
            case 102: .unknownChannel
            case 103: .permissionDenied
            case 111: .rateLimited
            case 106: .limitExceeded
            case 104, 108: .notAvailable
            case 101, 109, 110: .credentials
            case 112, 113: .position
            default: .internal
            }
    }
}

/// Why a recipient's copy of a publication was lost.
@frozen public enum MessageLoss: UInt8, MetricLabel {
    /// It stood in the queue of a connection closed as slow.
    case slow
    /// It stood in the queue of a connection that ended otherwise.
    case closed
    /// The recipient had just left.
    case unsubscribed
    case overload
    case `internal`
}

/// Whose budget a decision was about: the words of `LimitScope`, in its order.
@frozen public enum RateScope: UInt8, MetricLabel {
    case user, connection, channel, address
}

/// What the limiter said: the words of `LimitOutcome.label`.
@frozen public enum RateDecision: UInt8, MetricLabel {
    case allow
    case deny
    /// Would have been denied, were the limits armed.
    case dryRun
}
