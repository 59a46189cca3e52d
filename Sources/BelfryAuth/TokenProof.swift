/// How a token was verified: what audit events say about it.
///
/// An object, as the token it belongs to: each that has it in hand would count the references of five strings.
package final class TokenProof: Sendable {
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

    init(
        key: VerificationKey, issuer: String?, expiry: Int64?, issuedAt: Int64?, binding: TokenBinding,
        tokenID: String?, subjectPseudonym: String?, tokenIDPseudonym: String?
    ) {
        algorithm = key.algorithm
        keyID = key.keyID
        self.issuer = issuer
        self.expiry = expiry
        self.issuedAt = issuedAt
        self.binding = binding
        self.tokenID = tokenID
        self.subjectPseudonym = subjectPseudonym
        self.tokenIDPseudonym = tokenIDPseudonym
    }

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
