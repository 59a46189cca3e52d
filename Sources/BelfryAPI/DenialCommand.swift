import BelfryAuth
import BelfryProtocol

// Who is to be kept out, or let in again: block, unblock, revoke and denials.

/// Whom a call about denials means, as it was written: exactly one of the names has to stand there.
package struct DenialCommand: Equatable, Sendable {
    package var user = ""
    /// `192.0.2.0/24`, `2001:db8::/32`, or one address.
    package var address = ""
    /// A token's `jti`.
    package var token = ""
    /// The user whose tokens are meant.
    package var tokensOf = ""
    /// Seconds since 1970; 0 for never.
    package var expireAt: Int64 = 0
    /// Seconds since 1970, for ``tokensOf``; 0 for now.
    package var issuedBefore: Int64 = 0

    package init() {}
}

/// One denial as the server API names it.
package struct DenialEntry: Equatable, Sendable {
    package enum Target: Equatable, Sendable {
        case user(String)
        case address(String)
        case token(String)
        case tokensOf(String)
    }

    package let target: Target
    /// Seconds since 1970; `nil` for ever.
    package let expiresAt: Int64?
    /// Seconds since 1970, for ``Target/tokensOf(_:)`` alone; `nil` in a call for now.
    package let issuedBefore: Int64?

    package init(_ target: Target, expiresAt: Int64? = nil, issuedBefore: Int64? = nil) {
        self.target = target
        self.expiresAt = expiresAt
        self.issuedBefore = issuedBefore
    }
}

/// What became of a block or a revocation.
package struct DenialEffect: Equatable, Sendable {
    /// Connections that were told to close.
    package let closed: Int
    /// It outlives a restart.
    package let isDurable: Bool

    package init(closed: Int, isDurable: Bool) {
        self.closed = closed
        self.isDurable = isDurable
    }
}

extension DenialCommand {
    /// The one name that stands there.
    func target() throws(ErrorCode) -> DenialEntry.Target {
        let named: [DenialEntry.Target?] = [
            user.isEmpty ? nil : .user(user), address.isEmpty ? nil : .address(address),
            token.isEmpty ? nil : .token(token), tokensOf.isEmpty ? nil : .tokensOf(tokensOf),
        ]
        let targets = named.compactMap { $0 }
        guard let target = targets.first, targets.count == 1 else { throw .badRequest }
        return target
    }

    func denial() throws(ErrorCode) -> DenialEntry {
        guard expireAt >= 0, issuedBefore >= 0, issuedBefore == 0 || !tokensOf.isEmpty else {
            throw .badRequest
        }
        return DenialEntry(
            try target(), expiresAt: expireAt == 0 ? nil : expireAt,
            issuedBefore: issuedBefore == 0 ? nil : issuedBefore)
    }
}

extension JSONScanner {
    mutating func denialCommand(
        _ method: APIMethod, _ bytes: Span<UInt8>
    ) throws(JSONError) -> DenialCommand {
        var command = DenialCommand()
        try members(bytes) { (scanner, bytes, key) throws(JSONError) in
            switch (method, key) {
            case (.block, "user"), (.unblock, "user"): command.user = try scanner.optionalString(bytes) ?? ""
            case (.block, "address"), (.unblock, "address"):
                command.address = try scanner.optionalString(bytes) ?? ""
            case (.revoke, "token"), (.unblock, "token"):
                command.token = try scanner.optionalString(bytes) ?? ""
            case (.revoke, "tokens_of"), (.unblock, "tokens_of"):
                command.tokensOf = try scanner.optionalString(bytes) ?? ""
            case (.block, "expire_at"), (.revoke, "expire_at"):
                command.expireAt = try scanner.optionalInteger(Int64.self, bytes) ?? 0
            case (.revoke, "issued_before"):
                command.issuedBefore = try scanner.optionalInteger(Int64.self, bytes) ?? 0
            default: return false
            }
            return true
        }
        return command
    }
}
