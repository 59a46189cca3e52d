/// How a token was verified: what audit events say about it.
package struct TokenProof: Equatable, Sendable {
    package let algorithm: TokenAlgorithm
    /// The `kid` of the key that verified, not the one the token named.
    package let keyID: String?
    package let issuer: String?
    /// `exp` in seconds since 1970.
    package let expiry: Int64?
    /// `iat` in seconds since 1970.
    package let issuedAt: Int64?
    package let binding: TokenBinding
    /// `jti`, for revocation.
    ///
    /// Not for logs: those get ``tokenIDPseudonym``.
    package let tokenID: String?
    /// Journal field SUBJECT; nil for anonymous users.
    package let subjectPseudonym: String?
    /// Journal field JTI_HASH; nil when the token has no `jti`.
    package let tokenIDPseudonym: String?

    package var mark: TokenMark { TokenMark(id: tokenID, issuedAt: issuedAt) }
}

/// What a refused token claims about itself, for the audit event only.
///
/// Nothing here is verified: an attacker wrote it. Texts are cut to 128 characters and cleaned.
package struct TokenEvidence: Equatable, Sendable {
    package let algorithm: TokenAlgorithm?
    package let keyID: String?
    package let issuer: String?
    package let subjectPseudonym: String?

    /// Of a verified token that is refused for who shows it.
    package init(_ proof: TokenProof) {
        algorithm = proof.algorithm
        keyID = proof.keyID
        issuer = proof.issuer
        subjectPseudonym = proof.subjectPseudonym
    }

    /// Names at most this long reach the journal.
    private static let textLimit = 128

    init(_ token: [UInt8], policy: AuthPolicy, pseudonym: Pseudonym) {
        guard let gated = try? TokenGate.open(token, limit: policy.tokenLimit) else {
            (algorithm, keyID, issuer, subjectPseudonym) = (nil, nil, nil, nil)
            return
        }
        let claims = try? Claims(gated.payload)
        let subject = (try? claims?.text(policy.userIDClaim)) ?? ""
        algorithm = gated.algorithm
        keyID = gated.keyID.map { Redaction.clean($0, limit: Self.textLimit) }
        issuer = (try? claims?.text("iss")).map { Redaction.clean($0, limit: Self.textLimit) }
        subjectPseudonym = subject.isEmpty ? nil : pseudonym.of(subject)
    }
}
