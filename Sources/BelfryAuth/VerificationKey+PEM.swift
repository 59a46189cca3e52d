import JWTKit

extension VerificationKey {
    /// Larger than any chain file by far.
    private static let pemLimit = 65_536

    /// Reads a public key (SPKI) or an X.509 certificate in PEM.
    ///
    /// A certificate only carries the key: its dates and its issuer are not looked at, since the operator
    /// who configured it vouches for it. Certificates with Ed25519 keys are not supported.
    ///
    /// - Parameters:
    ///   - text: one PEM block.
    ///   - algorithm: what tokens must be signed with. Nil takes the only one of an EC or Ed25519 key, and
    ///     RS256 for an RSA key.
    ///   - terms: how the key is called, for whom and how long it counts.
    /// - Returns: the key.
    /// - Throws: what is wrong with it, or with its strength.
    package static func pem(
        _ text: String, _ algorithm: TokenAlgorithm? = nil, terms: Terms = Terms()
    ) async throws(KeyRefusal) -> VerificationKey {
        guard text.utf8.count <= pemLimit else { throw .malformed("PEM size") }
        if text.contains("PRIVATE KEY-----") { throw .privateKey }
        if text.contains("-----BEGIN CERTIFICATE-----") {
            return try await certificate(text, algorithm, terms: terms)
        }
        guard text.contains("PUBLIC KEY-----") else { throw .malformed("PEM") }
        // The library has no reader for "whichever key this is", so each kind is tried.
        if let key = try? ES256PublicKey(pem: text) {
            return try await ecdsa(key, terms: terms, as: algorithm)
        }
        if let key = try? ES384PublicKey(pem: text) {
            return try await ecdsa(key, terms: terms, as: algorithm)
        }
        if let key = try? ES512PublicKey(pem: text) {
            return try await ecdsa(key, terms: terms, as: algorithm)
        }
        if let key = try? EdDSA.PublicKey(pem: text) {
            return try await eddsa(key, terms: terms, as: algorithm)
        }
        return try await rsa(try rsaKey { try .init(pem: text) }, algorithm ?? .rs256, terms: terms)
    }

    private static func certificate(
        _ text: String, _ algorithm: TokenAlgorithm?, terms: Terms
    ) async throws(KeyRefusal) -> VerificationKey {
        if let key = try? ES256PublicKey(certificate: text) {
            return try await ecdsa(key, terms: terms, as: algorithm)
        }
        if let key = try? ES384PublicKey(certificate: text) {
            return try await ecdsa(key, terms: terms, as: algorithm)
        }
        if let key = try? ES512PublicKey(certificate: text) {
            return try await ecdsa(key, terms: terms, as: algorithm)
        }
        return try await rsa(
            try rsaKey { try .init(certificatePEM: text) }, algorithm ?? .rs256, terms: terms)
    }

    /// The library's only tellable failure is that the key is too small, which it does not let us name.
    static func rsaKey(
        _ make: () throws -> Insecure.RSA.PublicKey
    ) throws(KeyRefusal) -> Insecure.RSA.PublicKey {
        do { return try make() } catch {
            throw .malformed("neither EC P-256/384/521, Ed25519 nor RSA of 2048 bits up")
        }
    }
}
