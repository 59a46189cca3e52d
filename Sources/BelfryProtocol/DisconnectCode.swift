/// Why the server closes a connection: the WebSocket close code and its reason (protocol.md 15).
///
/// The reason is never empty and never JSON: centrifuge-js parses it as JSON first and believes what it finds, and
/// without a reason it does not honour the terminal ranges.
package struct DisconnectCode: Error, Hashable, Sendable {
    package let code: UInt16
    package let reason: String

    private init(_ code: UInt16, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    /// An application's own code.
    ///
    /// - Returns: `nil` outside 4000 to 4999, or when the reason is empty, JSON, or longer than a close frame holds.
    package init?(applicationCode code: UInt16, reason: String) {
        guard (4000...4999).contains(code), Self.isSafe(reason) else { return nil }
        self.init(code, reason)
    }

    /// A code that an operator's backend asks for; without a reason, in the protocol's own words.
    ///
    /// `nil` outside 3000 to 4999, when the protocol has no words for it, or when the reason is JSON or longer than a
    /// close frame holds.
    package init?(serverCode code: UInt16, reason: String) {
        let words = reason.isEmpty ? Self.all.first { $0.code == code }?.reason ?? "" : reason
        guard (3000...4999).contains(code), Self.isSafe(words) else { return nil }
        self.init(code, words)
    }

    private static func isSafe(_ reason: String) -> Bool {
        !reason.isEmpty && reason.utf8.count <= ProtocolLimits.closeReasonBytes
            && JSONScanner.kind(of: Array(reason.utf8)) == nil
    }

    /// Whether the SDKs come back after it (protocol.md 15.1).
    package var reconnects: Bool {
        switch code {
        case 3500...3999, 4500...4999: false
        default: true
        }
    }

    /// Whether what is queued goes out before the close frame.
    ///
    /// Not to a client that does not read, and not after a plain end.
    package var flushesQueue: Bool { self != .connectionClosed && self != .slow }

    package static let connectionClosed = DisconnectCode(3000, "connection closed")
    package static let shutdown = DisconnectCode(3001, "shutdown")
    package static let internalServerError = DisconnectCode(3004, "internal server error")
    package static let connectionExpired = DisconnectCode(3005, "connection expired")
    package static let subscriptionExpired = DisconnectCode(3006, "subscription expired")
    package static let slow = DisconnectCode(3008, "slow")
    package static let writeError = DisconnectCode(3009, "write error")
    package static let insufficientState = DisconnectCode(3010, "insufficient state")
    package static let forceReconnect = DisconnectCode(3011, "force reconnect")
    package static let noPong = DisconnectCode(3012, "no pong")
    package static let tooManyRequests = DisconnectCode(3013, "too many requests")
    package static let stateInvalidated = DisconnectCode(3014, "state invalidated")

    package static let invalidToken = DisconnectCode(3500, "invalid token")
    package static let badRequest = DisconnectCode(3501, "bad request")
    package static let stale = DisconnectCode(3502, "stale")
    package static let forceDisconnect = DisconnectCode(3503, "force disconnect")
    package static let connectionLimit = DisconnectCode(3504, "connection limit")
    package static let channelLimit = DisconnectCode(3505, "channel limit")
    package static let inappropriateProtocol = DisconnectCode(3506, "inappropriate protocol")
    package static let permissionDenied = DisconnectCode(3507, "permission denied")
    package static let notAvailable = DisconnectCode(3508, "not available")
    package static let tooManyErrors = DisconnectCode(3509, "too many errors")

    /// All that the protocol defines.
    package static let all: [DisconnectCode] = [
        .connectionClosed, .shutdown, .internalServerError, .connectionExpired, .subscriptionExpired, .slow,
        .writeError, .insufficientState, .forceReconnect, .noPong, .tooManyRequests, .stateInvalidated,
        .invalidToken, .badRequest, .stale, .forceDisconnect, .connectionLimit, .channelLimit,
        .inappropriateProtocol, .permissionDenied, .notAvailable, .tooManyErrors,
    ]
}
