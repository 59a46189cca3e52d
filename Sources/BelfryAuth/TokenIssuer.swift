/// Somebody whose tokens are believed: what they must say, and the keys that verify them.
///
/// A key verifies tokens of its own issuer only: whichever key a signature fits fixes the policy that the claims are held
/// to, so an issuer that takes another's `kid`, or the other's name into its `iss`, gains nothing (CVE-2026-49998).
package struct TokenIssuer: Sendable {
    package let policy: AuthPolicy
    package let keys: KeySet

    /// - `needsKeyID`: for somebody whose own tokens always name their key, so that nobody else's is judged by it.
    package init(
        policy: AuthPolicy, keys: [VerificationKey], needsKeyID: Bool = false
    ) throws(KeyRefusal) {
        self.policy = policy
        self.keys = try KeySet(keys, needsKeyID: needsKeyID)
    }
}

extension [TokenIssuer] {
    /// Signatures checked for one token at most, whatever the number of issuers: it is a stranger who has us check them.
    private static var signatureLimit: Int { 2 * KeySet.candidateLimit }

    /// The issuer, and the key of its own, whose signature `token` carries.
    ///
    /// - Throws: of all refusals the one that came nearest to success: `signature` before `alg` before `kid`.
    func verify(
        _ token: GatedToken, now: Int64
    ) throws(TokenRefusal) -> (issuer: TokenIssuer, key: VerificationKey) {
        var left = Self.signatureLimit
        var nearest = TokenRefusal.kid
        for issuer in self {
            do {
                return (issuer, try issuer.keys.verify(token, now: now, checksLeft: &left))
            } catch {
                if nearest == .kid || error == .signature { nearest = error }
            }
        }
        throw nearest
    }
}
