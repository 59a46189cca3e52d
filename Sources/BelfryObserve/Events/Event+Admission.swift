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
    /// - `roomHash`: keyed hash of the channel's name; a name may itself be private.
    package static func authzDenied(
        _ connection: ConnectionContext, _ subject: SubjectContext, action: String, roomHash: String?,
        file: StaticString = #fileID, line: UInt32 = #line
    ) -> Event {
        Event(
            .authzDenied, connection: connection, subject: subject,
            [.text(.action, action), .text(.roomHash, roomHash)], at: .init(file, line))
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
