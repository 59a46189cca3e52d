import BelfryAuth
import Crypto

/// A service that signs tokens with any claims, and the verifier that knows its key.
struct Issuer {
    private static let secret = [UInt8]("a secret of the tests and of nobody else".utf8)

    let verifier: TokenVerifier

    init(leeway: Int64 = 0) async throws {
        verifier = try TokenVerifier(
            policy: AuthPolicy(requiresExpiry: false, leeway: leeway), keys: [try await .hmac(Self.secret)],
            pseudonym: Pseudonym(key: [1, 2, 3]), cache: TokenCache(capacity: 0))
    }

    /// A token with this payload, JSON.
    static func token(_ payload: String) -> String {
        let parts = [#"{"alg":"HS256","typ":"JWT"}"#, payload].map { Base64.encode([UInt8]($0.utf8)) }
        let input = parts[0] + [UInt8(ascii: ".")] + parts[1]
        let code = HMAC<SHA256>.authenticationCode(for: input, using: SymmetricKey(data: secret))
        return String(decoding: input + [UInt8(ascii: ".")] + Base64.encode(Array(code)), as: UTF8.self)
    }

    /// A connection token of `user`, with further claims.
    static func token(user: String, _ claims: String = "") -> String {
        token(#"{"sub":"\#(user)"\#(claims.isEmpty ? "" : ",")\#(claims)}"#)
    }

    /// A subscription token.
    static func token(user: String, channel: String, _ claims: String = "") -> String {
        token(user: user, #""channel":"\#(channel)"\#(claims.isEmpty ? "" : ",")\#(claims)"#)
    }

    /// A token whose signature is another's.
    static func forged(user: String) -> String {
        let (good, other) = (token(user: user), token(user: user + "x"))
        return good.split(separator: ".").dropLast().joined(separator: ".") + "."
            + (other.split(separator: ".").last ?? "")
    }
}
