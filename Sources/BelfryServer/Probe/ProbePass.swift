import BelfryAuth
import BelfryTLS

/// What lets the relay's own probe in: a key that lives in this process alone, and tokens signed with it.
///
/// The tokens take the way of all others, through gate, verifier and capabilities. Nobody else can make one, and they
/// allow nothing but the probe's own channel.
struct ProbePass: Sendable {
    static let keyID = "belfry-probe"
    static let user = "belfry-probe"
    /// A connection is renewed long before.
    private static let lifetimeSeconds: Int64 = 900

    /// Believed beside the configured issuers.
    let issuer: TokenIssuer
    /// One for each process, so that two nodes never hear each other.
    let channel: String
    private let signer: TokenSigner

    /// - Parameter uid: Of this process.
    /// - Throws: What the libraries say; nothing of it is the operator's doing.
    init(uid: String) async throws(KeyRefusal) {
        let secret = Random.bytes(32)
        let name = "belfry-probe-" + uid
        channel = name
        signer = try await TokenSigner(secret: secret, keyID: Self.keyID)
        issuer = try TokenIssuer(
            policy: AuthPolicy(issuer: name, audience: name),
            keys: [try await .hmac(secret, .hs256, terms: .init(keyID: Self.keyID))],
            // Else a token without `kid` would be refused for good by this key, while those of its issuer are on their way.
            needsKeyID: true)
    }

    /// A connection token.
    func token(at unixSeconds: Int64) throws(TokenSigner.Fault) -> String {
        let (issuer, end) = (channel, unixSeconds &+ Self.lifetimeSeconds)
        return try signer.sign(
            claims: Array(
                """
                {"sub":"\(Self.user)","iss":"\(issuer)","aud":"\(issuer)","exp":\(end),\
                "caps":[{"channels":["\(channel)"],"allow":["sub","pub"]}]}
                """.utf8))
    }
}
