import Crypto

/// HMAC that has absorbed its key (RFC 2104), which is half of the work for a token; copied for each.
///
/// The JOSE library absorbs the key anew for each token. In a reconnect storm every connection pays for it, on its loop.
enum KeyedCode: Sendable {
    case hs256(HMAC<SHA256>)
    case hs384(HMAC<SHA384>)
    case hs512(HMAC<SHA512>)

    /// Nil for an algorithm that is not HMAC.
    init?(_ secret: [UInt8], _ algorithm: TokenAlgorithm) {
        let key = SymmetricKey(data: secret)
        switch algorithm {
        case .hs256: self = .hs256(HMAC(key: key))
        case .hs384: self = .hs384(HMAC(key: key))
        case .hs512: self = .hs512(HMAC(key: key))
        default: return nil
        }
    }

    /// Whether `signature` is right for `input`, in a time that does not depend on where they differ.
    func verifies(_ signature: [UInt8], of input: ArraySlice<UInt8>) -> Bool {
        switch self {
        case .hs256(let code): Self.verifies(signature, of: input, code)
        case .hs384(let code): Self.verifies(signature, of: input, code)
        case .hs512(let code): Self.verifies(signature, of: input, code)
        }
    }

    private static func verifies<Hash>(
        _ signature: [UInt8], of input: ArraySlice<UInt8>, _ keyed: HMAC<Hash>
    ) -> Bool {
        var code = keyed
        code.update(data: input)
        return code.finalize() == signature
    }
}
