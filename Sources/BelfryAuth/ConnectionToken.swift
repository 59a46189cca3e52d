/// What a verified connection token says.
///
/// Only ``TokenVerifier`` makes one. An object, since a verdict is handed on by half a dozen hands before it is kept.
package final class ConnectionToken: Sendable {
    /// The user id; empty is an anonymous user.
    package let user: String
    /// When the connection ends, in seconds since 1970 and at most a year ahead; nil is never.
    ///
    /// May lie in the past when the issuer set `expire_at` so: error 110 at connect.
    package let expireAt: Int64?
    /// Becomes `conn_info`.
    package let info: ClaimData?
    /// Kept with the connection, never shown to clients: a JSON object.
    package let meta: [UInt8]?
    package let subscriptions: [TokenSubscription]
    /// What it lets its bearer do in channels, beside what their options allow.
    package let capabilities: Capabilities
    package let proof: TokenProof

    init(_ claims: Claims, proof: TokenProof, policy: AuthPolicy, now: Int64) throws(TokenRefusal) {
        guard !policy.requiresBinding || proof.binding != .none else { throw .binding }
        user = try claims.text(policy.userIDClaim) ?? ""
        expireAt = try claims.expireAt(tokenExpiry: proof.expiry, now: now)
        info = try claims.attachment("info")
        meta = try claims.meta()
        subscriptions = try TokenSubscription.list(claims.members)
        capabilities = try Capabilities(claims.members)
        self.proof = proof
    }

    /// Whether this token may refresh a connection of `user`: nil, or the refusal.
    package func refusal(asRefreshFor user: String) -> TokenRefusal? {
        self.user.isIdentical(to: user) ? nil : .subject
    }
}

extension Claims {
    fileprivate func meta() throws(TokenRefusal) -> [UInt8]? {
        switch members["meta"] {
        case nil: return nil
        case .object: return members.text(of: "meta")
        default: throw .malformed
        }
    }
}
