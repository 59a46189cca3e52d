import Crypto

/// The HMAC of one secret, ready to verify tokens.
///
/// The JOSE library absorbs the key anew for each token. In a reconnect storm every connection pays for it, on its loop.
enum KeyedCode: Sendable {
    case hs256(KeyedHash<SHA256>)
    case hs384(KeyedHash<SHA384>)
    case hs512(KeyedHash<SHA512>)

    /// Nil for an algorithm that is not HMAC.
    init?(_ secret: [UInt8], _ algorithm: TokenAlgorithm) {
        switch algorithm {
        case .hs256: self = .hs256(KeyedHash(key: secret))
        case .hs384: self = .hs384(KeyedHash(key: secret))
        case .hs512: self = .hs512(KeyedHash(key: secret))
        default: return nil
        }
    }

    /// Whether `signature` is right for `input`, in a time that does not depend on where they differ.
    func verifies(_ signature: [UInt8], of input: ArraySlice<UInt8>) -> Bool {
        switch self {
        case .hs256(let hash): hash.verifies(signature, of: input)
        case .hs384(let hash): hash.verifies(signature, of: input)
        case .hs512(let hash): hash.verifies(signature, of: input)
        }
    }
}
