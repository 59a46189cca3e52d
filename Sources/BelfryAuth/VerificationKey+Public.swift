import JWTKit

// Public keys, after their encoding has been parsed: each is checked against policy and bound to its
// algorithm here.
extension VerificationKey {
    static func rsa(
        _ key: Insecure.RSA.PublicKey, _ algorithm: TokenAlgorithm, terms: Terms
    ) async throws(KeyRefusal) -> VerificationKey {
        guard algorithm.family == .rsa else { throw .mismatch(algorithm) }
        let length: Int
        guard let numbers = try? key.getKeyPrimitives() else { throw .malformed("RSA numbers") }
        length = try RSAKeyPolicy.check(
            modulus: Array(numbers.modulus), exponent: Array(numbers.publicExponent))
        let digest = algorithm.digest
        let usesPSS = [.ps256, .ps384, .ps512].contains(algorithm)
        return try await VerificationKey(algorithm, signatureLength: length, terms: terms) { collection in
            if usesPSS {
                await collection.add(pss: key, digestAlgorithm: digest)
            } else {
                await collection.add(rsa: key, digestAlgorithm: digest)
            }
        }
    }

    static func ecdsa(
        _ key: some ECDSAKey, terms: Terms, as expected: TokenAlgorithm?
    ) async throws(KeyRefusal) -> VerificationKey {
        let algorithm = try TokenAlgorithm(key.curve)
        if let expected, expected != algorithm { throw .mismatch(expected) }
        guard let length = algorithm.fixedSignatureLength else { throw .mismatch(algorithm) }
        return try await VerificationKey(algorithm, signatureLength: length, terms: terms) {
            await $0.add(ecdsa: key)
        }
    }

    static func eddsa(
        _ key: EdDSA.PublicKey, terms: Terms, as expected: TokenAlgorithm?
    ) async throws(KeyRefusal) -> VerificationKey {
        if let expected, expected != .edDSA { throw .mismatch(expected) }
        return try await VerificationKey(.edDSA, signatureLength: 64, terms: terms) {
            await $0.add(eddsa: key)
        }
    }
}

extension TokenAlgorithm {
    /// The one algorithm of a curve (RFC 7518 section 3.4).
    fileprivate init(_ curve: ECDSACurve) throws(KeyRefusal) {
        switch curve {
        case .p256: self = .es256
        case .p384: self = .es384
        case .p521: self = .es512
        default: throw .unsupported("curve")
        }
    }
}
