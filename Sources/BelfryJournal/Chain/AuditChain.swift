import Crypto

/// The function behind BELFRY_CHAIN: HMAC-SHA-256 over the chain value before and the entry's `ChainText`.
///
/// Without a secret key anybody can compute it: then it shows damage and clumsy hands, not a forger who does the whole
/// chain anew (decision record 0016).
package struct AuditChain: Sendable {
    /// Has absorbed the key; copied for each entry.
    private let keyed: HMAC<SHA256>
    /// BELFRY_CHAIN_KEY: tells keys apart and gives none away; `public` without a key.
    package let keyName: String

    /// - `key`: secret bytes, at least 32 random ones; empty for the chain that anybody can compute.
    package init(key: [UInt8]) {
        keyed = HMAC(key: SymmetricKey(data: key))
        guard !key.isEmpty else {
            keyName = Self.publicName
            return
        }
        var code = keyed
        code.update(data: Array("belfry audit chain key".utf8))
        keyName = String(ChainValue(code.finalize()).description.prefix(16))
    }

    package static let publicName = "public"

    /// - `text`: The chain value before, as 32 bytes, and the fields of the entry.
    package func value(of text: ChainText) -> ChainValue {
        var code = keyed
        code.update(data: text.bytes)
        return ChainValue(code.finalize())
    }
}
