import BelfryAuth
import BelfryBytes

// From what the operator wrote to what verifies a token.

/// A key that could not be used, and where it stands in the configuration.
struct KeyProblem: Error, CustomStringConvertible {
    let key: String
    let refusal: KeyRefusal

    var description: String { "\(key): \(refusal)" }
}

extension Configuration.Auth {
    /// All verification keys.
    ///
    /// The secret without a `kid` serves each algorithm it may be used with.
    func verificationKeys() async throws(KeyProblem) -> [VerificationKey] {
        var keys: [VerificationKey] = []
        if let secret {
            for algorithm in hmacAlgorithms {
                keys.append(
                    try await Self.key("auth.hmac_secret") { () async throws(KeyRefusal) in
                        try await .hmac(secret.bytes, algorithm)
                    })
            }
        }
        for shared in sharedKeys {
            let terms = VerificationKey.Terms(keyID: shared.keyID, validUntil: shared.validUntil)
            keys.append(
                try await Self.key("auth.hmac_keys: \(shared.keyID)") { () async throws(KeyRefusal) in
                    try await .hmac(shared.secret?.bytes ?? [], hmacAlgorithms.first ?? .hs256, terms: terms)
                })
        }
        for key in publicKeys {
            let terms = VerificationKey.Terms(
                keyID: key.keyID.isEmpty ? nil : key.keyID, validUntil: key.validUntil)
            keys.append(
                try await Self.key("auth.public_keys: \(key.keyID)") { () async throws(KeyRefusal) in
                    try await .pem(key.pem, key.algorithm, terms: terms)
                })
        }
        return keys
    }

    private static func key(
        _ name: String, _ make: () async throws(KeyRefusal) -> VerificationKey
    ) async throws(KeyProblem) -> VerificationKey {
        do { return try await make() } catch { throw KeyProblem(key: name, refusal: error) }
    }

    /// The verifier, or `nil` when no key is configured.
    func verifier(naming pseudonym: Pseudonym) async throws(KeyProblem) -> TokenVerifier? {
        let keys = try await verificationKeys()
        guard !keys.isEmpty else { return nil }
        let policy = AuthPolicy(
            issuer: issuer, audience: audience, requiresExpiry: requireExpiry, userIDClaim: userIDClaim,
            leeway: leeway.components.seconds)
        do {
            return try TokenVerifier(
                policy: policy, keys: keys, pseudonym: pseudonym, cache: TokenCache(capacity: cache))
        } catch {
            throw KeyProblem(key: "auth", refusal: error)
        }
    }
}
