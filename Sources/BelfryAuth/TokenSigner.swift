import JWTKit

/// Signs tokens with the configured HMAC secret: for `belfry token`, development and tests.
///
/// The relay itself never signs; tokens come from the application's own service.
package struct TokenSigner: Sendable {
    /// What a token is to say.
    ///
    /// Absent fields are not written.
    package struct Contents: Sendable {
        package var user = ""
        /// Seconds since 1970.
        package var issuedAt: Int64?
        package var expiresAt: Int64?
        package var issuer: String?
        package var audience: String?
        /// Server-side subscriptions of a connection token.
        package var channels: [String] = []
        /// Makes it a subscription token for this channel.
        package var channel: String?
        /// Any JSON value.
        package var info: [UInt8]?

        package init(user: String) { self.user = user }
    }

    /// Why no token was made.
    package enum Fault: Error, Equatable, Sendable {
        /// `info` is not one JSON value.
        case info
        /// The library failed to sign.
        case signing
    }

    private let key: VerificationKey

    /// - Parameters:
    ///   - secret: the raw secret bytes, the same as the verifying key's.
    ///   - algorithm: HS256, HS384 or HS512.
    ///   - keyID: written as `kid`; needed when the verifying key is called by one.
    /// - Throws: when the secret is empty or the algorithm is not HMAC.
    package init(
        secret: [UInt8], algorithm: TokenAlgorithm = .hs256, keyID: String? = nil
    ) async throws(KeyRefusal) {
        key = try await .hmac(secret, algorithm, terms: .init(keyID: keyID))
    }

    /// The compact serialisation of a token with these contents.
    package func sign(_ contents: Contents) throws(Fault) -> String {
        try sign(claims: try claims(contents))
    }

    /// The compact serialisation of a token with these claims, whatever they are.
    package func sign(claims: [UInt8]) throws(Fault) -> String {
        let input = Base64.encode(Array(header.utf8)) + [UInt8(ascii: ".")] + Base64.encode(claims)
        guard let signature = try? key.verifier.sign(input) else { throw .signing }
        return String(decoding: input + [UInt8(ascii: ".")] + Base64.encode(signature), as: UTF8.self)
    }

    private var header: String {
        let keyID = key.keyID.map { #","kid":"# + JSONText.quoted($0) } ?? ""
        return #"{"alg":"\#(key.algorithm.rawValue)","typ":"JWT"\#(keyID)}"#
    }

    private func claims(_ contents: Contents) throws(Fault) -> [UInt8] {
        var members = [#""sub":"# + JSONText.quoted(contents.user)]
        if let expiresAt = contents.expiresAt { members.append(#""exp":\#(expiresAt)"#) }
        if let issuedAt = contents.issuedAt { members.append(#""iat":\#(issuedAt)"#) }
        if let issuer = contents.issuer { members.append(#""iss":"# + JSONText.quoted(issuer)) }
        if let audience = contents.audience { members.append(#""aud":"# + JSONText.quoted(audience)) }
        if let channel = contents.channel { members.append(#""channel":"# + JSONText.quoted(channel)) }
        if !contents.channels.isEmpty {
            members.append(
                #""channels":["# + contents.channels.map(JSONText.quoted).joined(separator: ",") + "]")
        }
        if let info = contents.info {
            guard JSONValue.isText(info) else { throw .info }
            members.append(#""info":"# + String(decoding: info, as: UTF8.self))
        }
        return Array("{\(members.joined(separator: ","))}".utf8)
    }
}
