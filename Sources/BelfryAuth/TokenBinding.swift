/// What a token is bound to, by its claim `cnf` (RFC 7800, 3.1).
package enum TokenBinding: Equatable, Sendable {
    /// Whoever has it may use it.
    case none
    /// The SHA-256 of the client's TLS certificate (`x5t#S256`; RFC 8705, 3.1), 32 bytes.
    case certificate([UInt8])
    /// Something that we can not check (`jkt`, `jwk`, `kid`).
    ///
    /// RFC 7800 would let us pass over it. But who binds a token wants that it does not work without.
    case other
}

extension Claims {
    func binding() throws(TokenRefusal) -> TokenBinding {
        guard let claim = members["cnf"] else { return .none }
        let confirmation: JSONObject?
        do { confirmation = try claim.object(limit: 16) } catch { throw .malformed }
        guard let confirmation else { throw .malformed }
        switch confirmation["x5t#S256"] {
        case nil: return .other
        case .string(let text):
            guard let hash = Base64.decode(Array(text.utf8)[...]), hash.count == 32 else { throw .malformed }
            return .certificate(hash)
        default: throw .malformed
        }
    }
}
