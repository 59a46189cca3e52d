/// The signature algorithms Belfry verifies (RFC 7518 section 3.1, RFC 8037).
///
/// A closed list: `none`, and whatever else a header may name, has no case and so no way in.
package enum TokenAlgorithm: String, CaseIterable, Sendable {
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case edDSA = "EdDSA"

    /// What kind of key signs; also the closed label of the gauge of loaded keys.
    package enum Family: String, CaseIterable, Sendable {
        case hmac, rsa, ecdsa, eddsa
    }

    package var family: Family {
        switch self {
        case .hs256, .hs384, .hs512: .hmac
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: .rsa
        case .es256, .es384, .es512: .ecdsa
        case .edDSA: .eddsa
        }
    }

    /// Output size of the hash in bytes; for HMAC also the shortest sound secret (RFC 7518 section 3.2).
    package var hashLength: Int {
        switch self {
        case .hs256, .rs256, .ps256, .es256: 32
        case .hs384, .rs384, .ps384, .es384: 48
        case .hs512, .rs512, .ps512, .es512, .edDSA: 64
        }
    }

    /// Exact signature size in bytes; nil for RSA, where the modulus decides.
    package var fixedSignatureLength: Int? {
        switch self {
        case .hs256, .hs384, .hs512: hashLength
        case .es256, .edDSA: 64
        case .es384: 96
        case .es512: 132  // 2 x 66: P-521 rounds up to whole bytes (RFC 7518 section 3.4)
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: nil
        }
    }
}
