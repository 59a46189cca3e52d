/// Why a verification key, or a set of them, is not taken into use.
package enum KeyRefusal: Error, Equatable, Sendable {
    /// Not a key of the expected form; says which part.
    case malformed(String)
    /// A private key where a public one belongs.
    ///
    /// It should not be on this machine at all.
    case privateKey
    /// A key type, curve or algorithm Belfry does not verify.
    case unsupported(String)
    /// The algorithm does not fit the key or its curve.
    case mismatch(TokenAlgorithm)
    /// `use` or `key_ops` say that the key is not for verifying signatures.
    case notForVerification
    case emptySecret
    /// An HMAC secret shorter than the hash, where that is not tolerated.
    case shortSecret(bytes: Int, needed: Int)
    /// An RSA modulus outside 2048 to 8192 bits.
    case modulusSize(bits: Int)
    /// An RSA exponent that is even or below 3.
    case exponent
    /// An RSA modulus from the generator broken as ROCA (CVE-2017-15361).
    case guessableModulus
    /// Two keys of one issuer share a `kid`.
    case duplicateKeyID(String)
    /// Secrets and public keys in one JWK set: it was published or it should have been.
    case mixedKeySet
    /// More keys than the limit, or too many without `kid` for one algorithm.
    case tooManyKeys
    case noKeys
}

extension KeyRefusal: CustomStringConvertible {
    /// One line for the operator; holds no key material.
    package var description: String {
        switch self {
        case .malformed(let part): "not a usable key: \(part)"
        case .privateKey: "this is a private key; give the public key"
        case .unsupported(let what): "unsupported: \(what)"
        case .mismatch(let algorithm): "the key does not fit algorithm \(algorithm.rawValue)"
        case .notForVerification: "'use' or 'key_ops' forbid verifying signatures with this key"
        case .emptySecret: "the secret is empty"
        case .shortSecret(let bytes, let needed): "the secret has \(bytes) bytes, its hash needs \(needed)"
        case .modulusSize(let bits): "RSA keys must have 2048 to 8192 bits, this one has \(bits)"
        case .exponent: "the RSA exponent must be odd and at least 3"
        case .guessableModulus: "the RSA key comes from a broken generator (CVE-2017-15361)"
        case .duplicateKeyID(let keyID): "two keys have the kid '\(keyID)'"
        case .mixedKeySet: "a JWK set must not mix secrets and public keys"
        case .tooManyKeys: "too many keys"
        case .noKeys: "no keys"
        }
    }
}

/// What is accepted but should be said aloud once at start.
package enum KeyWarning: Equatable, Sendable {
    /// RFC 7518 section 3.2 wants at least as many bytes as the hash has.
    ///
    /// Development secrets are shorter.
    case shortSecret(bytes: Int, needed: Int)
}
