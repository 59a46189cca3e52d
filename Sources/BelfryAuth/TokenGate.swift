/// The strict gate in front of the JOSE library.
///
/// Whatever a library may be lenient about is refused before it sees a byte: length, the number of
/// dots, the spelling of base64url, duplicate header names, `crit` and the extensions it announces.
/// Past the gate a token is well formed and names an algorithm we know. It is **not** verified: the
/// payload may be looked at only after ``KeySet/verify(_:now:)``.
///
/// The gate is pure and imports nothing, so it is fuzzed alone.
package enum TokenGate {
    /// Longest token in bytes: what proxies let through in one header line, and some 30 us of work.
    package static let defaultTokenLimit = 8192

    /// Longest `kid` in bytes.
    ///
    /// It is an opaque dictionary key, never a path, URL or query.
    package static let keyIDLimit = 128

    /// RFC 7515 and 7516 register 14 header names; more than this is no token of ours.
    private static let headerMemberLimit = 24

    /// Why the gate stayed shut.
    package enum Fault: Error, Equatable, Sendable {
        case empty
        /// Longer than the limit.
        case length(Int)
        /// Not exactly three parts, or the first is empty.
        case shape
        /// A part is not the canonical base64url of its bytes.
        case base64
        case header(JSONFault)
        /// `crit`, or an extension that changes what is signed or how it is read (RFC 7797 `b64`).
        case extensions
        /// `typ` names something that is not an access or identity token.
        case type
        /// `alg` is absent, `none`, or not one of ours.
        case algorithm
        /// `kid` is not a string of at most 128 bytes.
        case keyID
    }

    /// Splits and decodes `token`, or says what is wrong with it.
    package static func open(
        _ token: [UInt8], limit: Int = defaultTokenLimit
    ) throws(Fault) -> GatedToken {
        guard !token.isEmpty else { throw .empty }
        guard token.count <= limit else { throw .length(token.count) }
        let parts = try split(token)
        guard let header = Base64.decode(parts.header), let payload = Base64.decode(parts.payload),
            let signature = Base64.decode(parts.signature)
        else { throw .base64 }
        let (algorithm, keyID) = try read(header: header)
        return GatedToken(
            algorithm: algorithm, keyID: keyID, signingInput: token[..<parts.payload.endIndex],
            payload: payload,
            signature: signature)
    }

    private typealias Parts = (
        header: ArraySlice<UInt8>, payload: ArraySlice<UInt8>, signature: ArraySlice<UInt8>
    )

    /// Looks for three dots at most, however many there are (CVE-2025-30204).
    private static func split(_ token: [UInt8]) throws(Fault) -> Parts {
        let dot = UInt8(ascii: ".")
        guard let first = token.firstIndex(of: dot), first > 0,
            let second = token[(first + 1)...].firstIndex(of: dot),
            token[(second + 1)...].firstIndex(of: dot) == nil
        else { throw .shape }
        return (token[..<first], token[(first + 1)..<second], token[(second + 1)...])
    }

    private static func read(header: [UInt8]) throws(Fault) -> (TokenAlgorithm, String?) {
        let fields: JSONObject
        do { fields = try JSONObject(header[...], limit: headerMemberLimit) } catch { throw .header(error) }
        // An unknown `crit` must be refused (RFC 7515 section 4.1.11), and we implement none.
        // `zip` and `enc` belong to encrypted tokens. jku, jwk, x5u and x5c are simply not read.
        for name in ["crit", "b64", "zip", "enc"] where fields.mentions(name) { throw .extensions }
        try check(type: fields["typ"])
        guard case .string(let name) = fields["alg"], let algorithm = TokenAlgorithm(rawValue: name) else {
            throw .algorithm
        }
        switch fields["kid"] {
        case nil: return (algorithm, nil)
        case .string(let keyID) where keyID.utf8.count <= keyIDLimit: return (algorithm, keyID)
        default: throw .keyID
        }
    }

    /// Explicit types keep tokens made for something else out (RFC 8725 section 3.11).
    private static func check(type: JSONValue?) throws(Fault) {
        guard let type else { return }
        guard case .string(let name) = type else { throw .type }
        switch name.lowercased() {  // media types ignore case (RFC 7515 section 4.1.9)
        case "jwt", "at+jwt", "application/jwt", "application/at+jwt": return
        default: throw .type
        }
    }
}

/// A well-formed token whose signature nobody has checked yet.
package struct GatedToken: Sendable {
    package let algorithm: TokenAlgorithm
    package let keyID: String?
    /// Header, dot and payload exactly as they came: what the signature covers.
    package let signingInput: ArraySlice<UInt8>
    /// The decoded payload.
    ///
    /// Untrusted until the signature is verified.
    package let payload: [UInt8]
    package let signature: [UInt8]
}
