import JWTKit

/// One key that may verify tokens.
///
/// The key fixes the algorithm: a token can only agree (RFC 8725, 3.1).
///
/// The JOSE library hides its verifiers behind an actor; a key fetches its own out of it once, when it is
/// made. Verifying is then a plain call that any number of threads can do at the same time.
package struct VerificationKey: Sendable {
    /// An opaque name tokens refer to; nil for a key that serves tokens of any or no `kid`.
    package let keyID: String?
    package let algorithm: TokenAlgorithm
    /// The `iss` that tokens verified by this key must carry; nil for any.
    ///
    /// With several issuers this keeps one from signing for another, even when they chose the same `kid`
    /// (CVE-2026-49998).
    package let issuer: String?
    /// Seconds since 1970 from when on the key is no longer used; nil is for ever.
    ///
    /// For rotation: the previous key stays valid until the last token signed with it has expired.
    package let validUntil: Int64?
    package let warning: KeyWarning?

    let signatureLength: Int
    let verifier: any JWTAlgorithm
    /// Verifies in place of the library; nil unless the key is an HMAC secret.
    private let code: KeyedCode?

    /// How a key is called and how long and for whom it counts.
    package struct Terms: Sendable {
        package var keyID: String?
        package var issuer: String?
        package var validUntil: Int64?

        package init(keyID: String? = nil, issuer: String? = nil, validUntil: Int64? = nil) {
            self.keyID = keyID
            self.issuer = issuer
            self.validUntil = validUntil
        }
    }

    init(
        _ algorithm: TokenAlgorithm, signatureLength: Int, terms: Terms, warning: KeyWarning? = nil,
        code: KeyedCode? = nil, adding: (JWTKeyCollection) async -> Void
    ) async throws(KeyRefusal) {
        if let keyID = terms.keyID, keyID.utf8.count > TokenGate.keyIDLimit { throw .malformed("kid") }
        let collection = JWTKeyCollection()
        await adding(collection)
        do { verifier = try await collection.getKey() } catch { throw .malformed(algorithm.rawValue) }
        self.algorithm = algorithm
        self.signatureLength = signatureLength
        self.warning = warning
        self.code = code
        keyID = terms.keyID
        issuer = terms.issuer
        validUntil = terms.validUntil
    }

    /// Makes a key of an HMAC secret.
    ///
    /// - Parameters:
    ///   - secret: the raw secret bytes.
    ///   - algorithm: HS256, HS384 or HS512.
    ///   - terms: how the key is called, for whom and how long it counts.
    ///   - strict: refuse secrets shorter than the hash, instead of only warning.
    /// - Returns: the key, with a warning if its secret is short.
    /// - Throws: `emptySecret`, `shortSecret`, or `mismatch` for an algorithm that is not HMAC.
    package static func hmac(
        _ secret: [UInt8], _ algorithm: TokenAlgorithm = .hs256, terms: Terms = Terms(), strict: Bool = false
    ) async throws(KeyRefusal) -> VerificationKey {
        guard let digest = algorithm.hmacDigest else { throw .mismatch(algorithm) }
        guard !secret.isEmpty else { throw .emptySecret }
        let needed = algorithm.hashLength
        let isShort = secret.count < needed
        if isShort && strict { throw .shortSecret(bytes: secret.count, needed: needed) }
        // HMAC pads every key with zeros to the block of its hash (RFC 2104), so these zeros change no
        // signature; the library asserts the length, and this is how short secrets get past it.
        let padding = [UInt8](repeating: 0, count: max(0, needed - secret.count))
        let key = HMACKey(from: secret + padding)
        return try await VerificationKey(
            algorithm, signatureLength: needed, terms: terms,
            warning: isShort ? .shortSecret(bytes: secret.count, needed: needed) : nil,
            code: KeyedCode(secret, algorithm)
        ) { await $0.add(hmac: key, digestAlgorithm: digest) }
    }

    /// Whether `signature` is right for `input`.
    ///
    /// Any failure inside the library is a no.
    func verifies(_ signature: [UInt8], of input: ArraySlice<UInt8>) -> Bool {
        // Exact length first: no DER where r || s belongs, no truncated MAC, no stray bytes behind.
        guard signature.count == signatureLength else { return false }
        if let code { return code.verifies(signature, of: input) }
        return (try? verifier.verify(signature, signs: input)) ?? false
    }
}

extension TokenAlgorithm {
    fileprivate var hmacDigest: DigestAlgorithm? { family == .hmac ? digest : nil }

    /// The hash as the library names it.
    var digest: DigestAlgorithm {
        switch hashLength {
        case 32: .sha256
        case 48: .sha384
        default: .sha512
        }
    }
}
