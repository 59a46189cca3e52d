/// What a verified subscription token says.
///
/// Only ``TokenVerifier`` makes one.
package struct SubscriptionToken: Sendable {
    package let channel: String
    /// The user the token was made for; empty is an anonymous user.
    package let user: String
    /// The connection id the token is bound to; empty binds to none.
    ///
    /// Deprecated by the protocol.
    package let client: String
    /// When the subscription ends, in seconds since 1970 and at most a year ahead; nil is never.
    package let expireAt: Int64?
    package let options: SubscriptionOptions
    package let proof: TokenProof

    init(_ claims: Claims, proof: TokenProof, policy: AuthPolicy, now: Int64) throws(TokenRefusal) {
        channel = try claims.text("channel") ?? ""
        user = try claims.text(policy.userIDClaim) ?? ""
        client = try claims.text("client") ?? ""
        expireAt = try claims.expireAt(tokenExpiry: proof.expiry, now: now)
        options = try SubscriptionOptions(claims.members)
        self.proof = proof
    }

    /// Whether the token fits the request it came with: nil, or the refusal (close 3500).
    package func refusal(channel: String, user: String, client: String) -> TokenRefusal? {
        guard self.channel.isIdentical(to: channel) else { return .scope }
        guard self.user.isIdentical(to: user) else { return .subject }
        guard self.client.isEmpty || self.client.isIdentical(to: client) else { return .scope }
        return nil
    }
}
