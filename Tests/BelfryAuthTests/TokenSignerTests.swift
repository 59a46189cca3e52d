import BelfryAuth
import Testing

struct TokenSignerTests {
    @Test(arguments: [TokenAlgorithm.hs256, .hs384, .hs512])
    func `a signed connection token verifies and says what was asked for`(algorithm: TokenAlgorithm)
        async throws
    {
        var contents = TokenSigner.Contents(user: "Zoë \"Z\" \\ \n\u{1}")
        contents.expiresAt = now + 3600
        contents.issuedAt = now
        contents.issuer = "app"
        contents.audience = "relay"
        contents.channels = ["news", "a\"b"]
        contents.info = [UInt8](#"{"name":"Zoë"}"#)
        let token = [UInt8](
            try await TokenSigner(secret: secret, algorithm: algorithm, keyID: "k\"1").sign(contents))
        let key = try await VerificationKey.hmac(secret, algorithm, terms: .init(keyID: "k\"1"))
        let verified = try verifier([key], AuthPolicy(issuer: "app", audience: "relay"))
            .verifyConnection(token, now: now).get()
        #expect(verified.user == contents.user)
        #expect(verified.expireAt == now + 3600)
        #expect(verified.info?.bytes == contents.info)
        #expect(verified.subscriptions.map(\.channel) == contents.channels)
        #expect(verified.proof.algorithm == algorithm)
        #expect(verified.proof.keyID == "k\"1")
    }

    @Test func `a signed subscription token is for its channel`() async throws {
        var contents = TokenSigner.Contents(user: "1")
        contents.channel = "chat:lobby"
        let token = [UInt8](try await TokenSigner(secret: secret).sign(contents))
        let verified = try verifier([try await .hmac(secret)]).verifySubscription(token, now: now).get()
        #expect(verified.refusal(channel: "chat:lobby", user: "1", client: "any") == nil)
    }

    @Test func `the published vector is reproduced`() async throws {
        let token = try await TokenSigner(secret: [UInt8]("secret")).sign(.init(user: "42"))
        let head = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
        #expect(token == head + ".eyJzdWIiOiI0MiJ9.79CVgMIG_JB921dVUeJDWNJubJojFodH3-XtC_1C408")
    }

    @Test(arguments: ["", "{", "{}{}", "name", "1 2", "{\"a\":1,}", "\"\n\"", "{}\n"])
    func `info that is not one JSON value on one line is refused`(info: String) async throws {
        var contents = TokenSigner.Contents(user: "1")
        contents.info = [UInt8](info)
        let signer = try await TokenSigner(secret: secret)
        #expect(throws: TokenSigner.Fault.info) { try signer.sign(contents) }
    }

    @Test func `only secrets sign`() async {
        await #expect(throws: KeyRefusal.mismatch(.es256)) {
            try await TokenSigner(secret: secret, algorithm: .es256)
        }
        await #expect(throws: KeyRefusal.emptySecret) { try await TokenSigner(secret: []) }
    }
}
