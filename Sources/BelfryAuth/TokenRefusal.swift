/// Why a token was refused: the closed label set of the refusal counter and of the audit event.
package enum TokenRefusal: String, Error, CaseIterable, Sendable {
    /// No token where one is needed.
    case missing
    /// Length, shape, encoding, JSON, header extensions, or a claim of the wrong type.
    case malformed
    /// `none`, an unknown algorithm, or not the algorithm of the key.
    case alg
    /// `kid` is unusable or names no key of ours.
    case kid
    /// `kid` names no key of ours so far: the sets of the issuers are being fetched.
    case keyPending = "key_pending"
    case signature
    /// `exp` has passed.
    case expired
    /// `nbf` has not come.
    case notYet = "not_yet"
    case issuer
    case audience
    /// The token is another user's.
    case subject
    /// A subscription token used to connect, or the reverse, or for another channel or client.
    case scope
    /// An operator took it back, or all that its user had until then.
    case revoked
    case replayed
    /// An operator keeps its user out.
    case blocked
    /// It is bound to another client certificate than the connection has, or to something that we can not check.
    case binding
    /// Our own failure: the signature could not be checked at all.
    case `internal`

    /// The value of the metric label `reason` and of the journal field REASON.
    package var label: String { self == .keyPending ? Self.kid.rawValue : rawValue }

    /// The client is told to come again: the fault is ours, or may be over in a moment.
    package var isTemporary: Bool { self == .internal || self == .keyPending }
}

/// Where a token is presented.
///
/// The same fault has different consequences at each place.
package enum TokenOccasion: CaseIterable, Sendable {
    case connect
    case refresh
    case subscribe
    case subscriptionRefresh
}

/// What the client gets to see.
package enum TokenConsequence: Equatable, Sendable {
    /// An error reply with this code; the connection stays.
    case error(UInt32)
    /// The WebSocket is closed with this code.
    case close(UInt16)
}

extension TokenRefusal {
    /// The Centrifuge answer to this refusal.
    ///
    /// The odd ones matter to SDKs: 109 makes them fetch a fresh token and come back, 3500 makes them
    /// stop; a bad connection token closes while a bad subscription token is answered 103.
    package func consequence(at occasion: TokenOccasion) -> TokenConsequence {
        switch (self, occasion) {
        case (.internal, _), (.keyPending, _): .error(100)  // temporary: the client tries again
        case (.expired, .refresh), (.notYet, .refresh): .close(3005)  // reconnects, then meets 109
        case (.expired, _), (.notYet, _): .error(109)
        case (.blocked, .connect), (.blocked, .refresh), (.blocked, .subscriptionRefresh): .close(3507)
        case (.missing, .connect), (.missing, .refresh): .close(3501)
        case (.missing, .subscribe): .error(103)
        case (.missing, .subscriptionRefresh): .error(107)
        case (.scope, .subscribe), (.subject, .subscribe): .close(3500)
        case (_, .subscribe): .error(103)
        case (_, .connect), (_, .refresh), (_, .subscriptionRefresh): .close(3500)
        }
    }

    init(_ fault: TokenGate.Fault) {
        switch fault {
        case .empty: self = .missing
        case .length, .shape, .base64, .header, .extensions, .type: self = .malformed
        case .algorithm: self = .alg
        case .keyID: self = .kid
        }
    }
}
