extension Event {
    /// - `algorithm`: `HS256`, `ES256`; nil for a client admitted without a token.
    /// - `expiresAt`: seconds since 1970; nil for a session without end.
    /// - `method`: `connect`, `header`, `refresh`, `anonymous`.
    package static func authSuccess(
        _ connection: ConnectionContext, _ subject: SubjectContext, algorithm: String?, expiresAt: Int64?,
        method: String, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .authSuccess, connection: connection, subject: subject,
            [.text(.alg, algorithm), .time(.expiresAt, expiresAt), .text(.method, method)],
            at: .init(file, line))
    }

    /// Aggregated by address, reason and claimed subject.
    ///
    /// - `reason`: from a closed list; never the library's text, which may quote the token.
    /// - `claimed`: what the token says of itself. Nothing of it is verified.
    package static func authFailure(
        _ connection: ConnectionContext, reason: String, claimed: ClaimedToken = ClaimedToken(),
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .authFailure, connection: connection,
            [
                .text(.reason, reason), .text(.alg, claimed.algorithm), .text(.kid, claimed.keyID),
                .text(.iss, claimed.issuer), .text(.subject, claimed.subject),
            ], at: .init(file, line))
    }

    /// - `expiredAt`: seconds since 1970.
    package static func authExpiredSession(
        _ connection: ConnectionContext, _ subject: SubjectContext, expiredAt: Int64,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .authExpiredSession, connection: connection, subject: subject, [.time(.expiredAt, expiredAt)],
            at: .init(file, line))
    }

    /// An operator put a block or a revocation in force.
    ///
    /// - `kind`: `token`, `user_tokens`, `user`, `address`.
    /// - `expiresAt`: seconds since 1970; nil when it has no end.
    /// - `isDurable`: it outlives a restart.
    /// - `closed`: connections that were cut for it.
    package static func authRevoked(
        _ party: DeniedParty, by actor: String, kind: String, expiresAt: Int64?, isDurable: Bool,
        closed: Int, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .authRevoked,
            party.details + [
                .text(.by, actor), .text(.kind, kind), .time(.expiresAt, expiresAt),
                .flag(.durable, isDurable), .number(.closedConns, closed),
            ], at: .init(file, line))
    }

    /// An operator took a block or a revocation back.
    package static func authRestored(
        _ party: DeniedParty, by actor: String, kind: String, file: StaticString = #fileID,
        line: UInt32 = #line
    ) -> Event {
        Event(
            .authRestored,
            party.details + [.text(.by, actor), .text(.kind, kind)], at: .init(file, line))
    }

    /// A visitor of the chat page was given a token.
    ///
    /// - `expiresAt`: seconds since 1970.
    package static func authGuestToken(
        _ connection: ConnectionContext, _ subject: SubjectContext, expiresAt: Int64,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .authGuestToken, connection: connection, subject: subject, [.time(.expiresAt, expiresAt)],
            at: .init(file, line))
    }

    /// - `keyIDs`: the public names of the keys in force.
    package static func authKeysLoaded(
        keyIDs: [String], from origin: String, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .authKeysLoaded, [.text(.kids, keyIDs.joined(separator: ",")), .text(.source, origin)],
            at: .init(file, line))
    }

    /// - `age`: of the keys that stay in force; nil when there are none.
    package static func authKeysFailed(
        from origin: String, error: String, age: Duration?, file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .authKeysFailed, [.text(.source, origin), .text(.error, error), .seconds(.ageSec, age)],
            at: .init(file, line))
    }

    /// - `action`: `publish`, `subscribe`, `history`, …
    /// - `reason`: what came closest to allowing it, from a closed list; `belfry explain` tells the whole.
    /// - `roomHash`: keyed hash of the channel's name; a name may itself be private.
    package static func authzDenied(
        _ connection: ConnectionContext, _ subject: SubjectContext, action: String, reason: String,
        roomHash: String?,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .authzDenied, connection: connection, subject: subject,
            [.text(.action, action), .text(.reason, reason), .text(.roomHash, roomHash)],
            at: .init(file, line))
    }
}

/// Whom a block or a revocation is about.
package struct DeniedParty: Sendable {
    /// The user's pseudonym.
    package var subject: String?
    /// Keyed hash of the token's `jti`.
    package var tokenHash: String?
    /// `192.0.2.0/24`.
    package var network: String?

    package init(subject: String? = nil, tokenHash: String? = nil, network: String? = nil) {
        self.subject = subject
        self.tokenHash = tokenHash
        self.network = network
    }

    fileprivate var details: [Event.Detail?] {
        [.text(.subject, subject), .text(.jtiHash, tokenHash), .text(.addr, network)]
    }
}

/// What a refused token claims, as far as it could be decoded.
package struct ClaimedToken: Sendable {
    package var algorithm: String?
    package var keyID: String?
    package var issuer: String?
    /// The pseudonym of the claimed `sub`.
    package var subject: String?

    package init(
        algorithm: String? = nil, keyID: String? = nil, issuer: String? = nil, subject: String? = nil
    ) {
        self.algorithm = algorithm
        self.keyID = keyID
        self.issuer = issuer
        self.subject = subject
    }
}
