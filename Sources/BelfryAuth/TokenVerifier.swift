/// Token in, verified claims or a refusal out.
///
/// The order is the defence: the gate refuses what is not exactly a token; a key of ours, which fixes the
/// algorithm, verifies the raw bytes; only then are claims read: issuer and audience, then what the token
/// is for, then time. Nothing a token says before its signature is verified picks anything but one key
/// out of a fixed table.
///
/// Verifying takes CPU and no I/O (measured per token: HMAC 12 us, RSA 27, ES256 62, EdDSA 135, ES384 530,
/// ES512 1,700; a cached one 0.5): with other keys than HMAC call it off the event loops, from as many
/// threads as you like. A verifier never changes; new keys or a new policy mean a new verifier in its place.
package struct TokenVerifier: Sendable {
    package let issuers: [TokenIssuer]
    /// Only HMAC: no token can ask for a signature that takes longer than 20 us.
    package let areAllSymmetric: Bool
    /// Of the first issuer: what is common to all, and where the others do not count.
    private let policy: AuthPolicy
    private let pseudonym: Pseudonym
    private let cache: TokenCache

    /// - Parameters:
    ///   - policy: what tokens must say.
    ///   - keys: 1 to 64 keys, no `kid` twice for one issuer.
    ///   - pseudonym: names users and token ids in what the verifier hands to logs.
    ///   - cache: verified tokens of this verifier alone; never hand over the cache of another one.
    /// - Throws: ``KeyRefusal`` when the keys do not go together.
    package init(
        policy: AuthPolicy, keys: [VerificationKey], pseudonym: Pseudonym, cache: TokenCache = TokenCache()
    ) throws(KeyRefusal) {
        self.init(
            issuers: [try TokenIssuer(policy: policy, keys: keys)], pseudonym: pseudonym, cache: cache)
    }

    /// - Parameters:
    ///   - issuers: those that have keys; none at all refuses every token.
    ///   - pseudonym: names users and token ids in what the verifier hands to logs.
    ///   - cache: verified tokens of this verifier alone.
    package init(issuers: [TokenIssuer], pseudonym: Pseudonym, cache: TokenCache = TokenCache()) {
        self.issuers = issuers
        policy = issuers.first?.policy ?? AuthPolicy()
        areAllSymmetric = issuers.allSatisfy(\.keys.areAllSymmetric)
        self.pseudonym = pseudonym
        self.cache = cache
    }

    /// All keys, of whichever issuer.
    package var keys: [VerificationKey] { issuers.flatMap(\.keys.keys) }

    /// Whether a key of any issuer is called so.
    package func contains(keyID: String) -> Bool { issuers.contains { $0.keys.contains(keyID: keyID) } }

    /// Verifies the token of a connect or refresh command.
    ///
    /// - Parameters:
    ///   - token: the compact serialisation; empty is ``TokenRefusal/missing``.
    ///   - now: wall clock, seconds since 1970.
    /// - Returns: what the token says, or why it is refused.
    package func verifyConnection(_ token: [UInt8], now: Int64) -> Result<ConnectionToken, TokenRefusal> {
        verify(token, now: now) { (claims, proof, policy, now) throws(TokenRefusal) in
            .connection(try ConnectionToken(claims, proof: proof, policy: policy, now: now))
        } scope: { claims throws(TokenRefusal) in
            // A token for one channel must not open a connection.
            guard claims.members["channel"] == nil else { throw .scope }
        } unwrap: {
            if case .connection(let token) = $0 { token } else { nil }
        }
    }

    /// Verifies the token of a subscribe or sub_refresh command.
    ///
    /// Whether it fits the command is then for ``SubscriptionToken/refusal(channel:user:client:)``.
    ///
    /// - Parameters:
    ///   - token: the compact serialisation; empty is ``TokenRefusal/missing``.
    ///   - now: wall clock, seconds since 1970.
    /// - Returns: what the token says, or why it is refused.
    package func verifySubscription(_ token: [UInt8], now: Int64) -> Result<SubscriptionToken, TokenRefusal> {
        verify(token, now: now) { (claims, proof, policy, now) throws(TokenRefusal) in
            .subscription(try SubscriptionToken(claims, proof: proof, policy: policy, now: now))
        } scope: { claims throws(TokenRefusal) in
            guard let channel = try claims.text("channel"), !channel.isEmpty else { throw .scope }
        } unwrap: {
            if case .subscription(let token) = $0 { token } else { nil }
        }
    }

    /// What a refused token says about itself; unverified, for the audit event.
    package func evidence(of token: [UInt8]) -> TokenEvidence {
        TokenEvidence(token, policy: policy, pseudonym: pseudonym)
    }
}

extension TokenVerifier {
    private typealias Reading =
        (Claims, TokenProof, AuthPolicy, Int64) throws(TokenRefusal) -> TokenCache.Verified

    private func verify<Token>(
        _ token: [UInt8], now: Int64, reading: Reading, scope: (Claims) throws(TokenRefusal) -> Void,
        unwrap: (TokenCache.Verified) -> Token?
    ) -> Result<Token, TokenRefusal> {
        // Keeps every later sum of two dates far from overflow; the year 285 million ends it.
        let now = min(max(now, 0), 1 << 53)
        guard !token.isEmpty else { return .failure(.missing) }
        guard token.count <= policy.tokenLimit else { return .failure(.malformed) }
        let digest = TokenCache.Digest(token)
        if let entry = cache.entry(digest, now: now), let token = unwrap(entry.token) {
            return .success(token)
        }
        do {
            let entry = try examine(token, now: now, reading: reading, scope: scope)
            cache.insert(entry, for: digest)
            guard let token = unwrap(entry.token) else { return .failure(.internal) }
            return .success(token)
        } catch {
            return .failure(error)
        }
    }

    private func examine(
        _ token: [UInt8], now: Int64, reading: Reading, scope: (Claims) throws(TokenRefusal) -> Void
    ) throws(TokenRefusal) -> TokenCache.Entry {
        let gated: GatedToken
        do { gated = try TokenGate.open(token, limit: policy.tokenLimit) } catch { throw TokenRefusal(error) }
        let (issuer, key) = try issuers.verify(gated, now: now)
        let policy = issuer.policy
        let claims = try Claims(gated.payload)
        try claims.checkIssuer(policy.issuer)
        if let issuer = key.issuer { try claims.checkIssuer(issuer) }
        try claims.checkAudience(policy.audience)
        try scope(claims)
        let expiry = try claims.checkTime(policy, now: now)
        let verified = try reading(
            claims, try proof(claims, key, policy, expiry: expiry), policy, now)
        let until = min(
            now + TokenCache.lifetime, expiry.map { $0 + policy.leeway } ?? .max, key.validUntil ?? .max)
        return TokenCache.Entry(token: verified, since: now, until: until, cost: token.count)
    }

    private func proof(
        _ claims: Claims, _ key: VerificationKey, _ policy: AuthPolicy, expiry: Int64?
    ) throws(TokenRefusal) -> TokenProof {
        let user = try claims.text(policy.userIDClaim) ?? ""
        let tokenID = try claims.text("jti")
        return TokenProof(
            key: key, issuer: try claims.text("iss", else: .issuer), expiry: expiry,
            issuedAt: try claims.date("iat"), binding: try claims.binding(), tokenID: tokenID,
            subjectPseudonym: user.isEmpty ? nil : pseudonym.of(user),
            tokenIDPseudonym: tokenID.map(pseudonym.of))
    }
}
