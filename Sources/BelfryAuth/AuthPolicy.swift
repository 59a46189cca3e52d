/// What a token must say, beyond being signed by a key of ours.
package struct AuthPolicy: Sendable {
    /// The `iss` a token must carry; empty accepts any.
    package var issuer: String
    /// A value `aud` must be or contain; empty accepts any.
    package var audience: String
    /// Whether a token without `exp` is refused.
    ///
    /// Without it a leaked token works for ever.
    package var requiresExpiry: Bool
    /// Whether a connection token without a binding that we can check is refused.
    package var requiresBinding: Bool
    /// The claim that holds the user id.
    package var userIDClaim: String
    /// Longest accepted token in bytes.
    package var tokenLimit: Int
    /// Clock difference granted to issuers in seconds, for `exp` and `nbf` alike; 0 to 60.
    package let leeway: Int64

    /// A minute covers every clock that is kept at all; more would only lengthen the life of tokens.
    package static let leewayRange: ClosedRange<Int64> = 0...60

    package init(
        issuer: String = "", audience: String = "", requiresExpiry: Bool = true,
        requiresBinding: Bool = false, userIDClaim: String = "sub",
        tokenLimit: Int = TokenGate.defaultTokenLimit, leeway: Int64 = 0
    ) {
        self.issuer = issuer
        self.audience = audience
        self.requiresExpiry = requiresExpiry
        self.requiresBinding = requiresBinding
        self.userIDClaim = userIDClaim
        self.tokenLimit = tokenLimit
        self.leeway = min(max(leeway, Self.leewayRange.lowerBound), Self.leewayRange.upperBound)
    }
}

extension String {
    /// Equality byte by byte.
    ///
    /// `==` calls `é` and `e´` the same, which identifiers are not.
    package func isIdentical(to other: String) -> Bool {
        utf8.elementsEqual(other.utf8)
    }
}
