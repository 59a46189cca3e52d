import BelfryAuth
import BelfryBytes
import BelfryOutbound

// From what the operator wrote to what verifies a token.

/// A key that could not be used, and where it stands in the configuration.
struct KeyProblem: Error, CustomStringConvertible {
    let key: String
    let refusal: KeyRefusal

    var description: String { "\(key): \(refusal)" }
}

extension Configuration.Auth {
    /// Every issuer with its keys, and where further keys are to be had.
    ///
    /// What these settings themselves describe is the first issuer, if they name any key.
    func keyPlan(naming pseudonym: Pseudonym) async throws(KeyProblem) -> KeyPlan {
        var plan = KeyPlan(pseudonym: pseudonym, interval: keyRefresh, cacheCapacity: cache)
        if hasOwnKeys {
            plan.add(policy(issuer, audience, userIDClaim), try await ownKeys(), keyAddresses)
        }
        for (index, issuer) in issuers.enumerated() {
            let policy = policy(
                issuer.name, issuer.audience.isEmpty ? audience : issuer.audience,
                issuer.userIDClaim.isEmpty ? userIDClaim : issuer.userIDClaim)
            plan.add(
                policy, try await keys(of: issuer, "auth.issuers[\(index)]"), issuer.keyAddresses)
        }
        do {
            _ = try plan.verifier(fetched: [:])
        } catch {
            throw KeyProblem(key: "auth", refusal: error)
        }
        return plan
    }

    func policy(_ issuer: String, _ audience: String, _ userIDClaim: String) -> AuthPolicy {
        AuthPolicy(
            issuer: issuer, audience: audience, requiresExpiry: requireExpiry,
            requiresBinding: requireBinding, userIDClaim: userIDClaim,
            leeway: leeway.components.seconds)
    }

    private func ownKeys() async throws(KeyProblem) -> [VerificationKey] {
        var keys = try await secretKeys(secret, "auth.hmac_secret")
        keys += try await secretKeys(
            previousSecret, "auth.hmac_previous_secret_file", validUntil: previousValidUntil)
        for shared in sharedKeys {
            let terms = VerificationKey.Terms(keyID: shared.keyID, validUntil: shared.validUntil)
            keys.append(
                try await Self.key("auth.hmac_keys: \(shared.keyID)") { () async throws(KeyRefusal) in
                    try await .hmac(shared.secret?.bytes ?? [], hmacAlgorithms.first ?? .hs256, terms: terms)
                })
        }
        return keys + (try await Self.keys(publicKeys, "auth.public_keys"))
    }

    private func keys(of issuer: Issuer, _ name: String) async throws(KeyProblem) -> [VerificationKey] {
        try await secretKeys(issuer.secret, "\(name).hmac_secret_file")
            + Self.keys(issuer.publicKeys, "\(name).public_keys")
    }

    /// The secret without a `kid` serves each algorithm it may be used with.
    private func secretKeys(
        _ secret: Secret?, _ name: String, validUntil: Int64? = nil
    ) async throws(KeyProblem) -> [VerificationKey] {
        guard let secret else { return [] }
        var keys: [VerificationKey] = []
        for algorithm in hmacAlgorithms {
            keys.append(
                try await Self.key(name) { () async throws(KeyRefusal) in
                    try await .hmac(secret.bytes, algorithm, terms: .init(validUntil: validUntil))
                })
        }
        return keys
    }

    private static func keys(
        _ publicKeys: [PublicKey], _ name: String
    ) async throws(KeyProblem) -> [VerificationKey] {
        var keys: [VerificationKey] = []
        for key in publicKeys {
            let terms = VerificationKey.Terms(
                keyID: key.keyID.isEmpty ? nil : key.keyID, validUntil: key.validUntil)
            keys.append(
                try await Self.key("\(name): \(key.keyID)") { () async throws(KeyRefusal) in
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
}

extension KeyPlan {
    fileprivate mutating func add(
        _ policy: AuthPolicy, _ keys: [VerificationKey], _ addresses: [Configuration.Auth.KeyAddress]
    ) {
        let sources = addresses.map { address in
            KeySource(
                issuer: policy.issuer, address: address.url, name: address.name,
                roots: address.authorities.isEmpty ? .system : .file(address.authorities))
        }
        issuers.append(Issuer(policy: policy, ownKeys: keys, sources: sources))
    }
}
