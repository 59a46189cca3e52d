import BelfryAuth
import JWTKit
import Testing

/// Several issuers at one verifier: none signs for another.
struct TokenIssuerTests {
    private static let pseudonym = Pseudonym(key: [1, 2, 3])

    private func policy(_ issuer: String, _ audience: String = "", claim: String = "sub") -> AuthPolicy {
        AuthPolicy(issuer: issuer, audience: audience, requiresExpiry: false, userIDClaim: claim)
    }

    private func secretKey(_ letter: Character, keyID: String?) async throws -> VerificationKey {
        try await .hmac(Array(String(repeating: letter, count: 32).utf8), terms: .init(keyID: keyID))
    }

    /// A token of issuer `iss`, signed with the secret of `letter`.
    private func token(_ letter: Character, _ claims: String, keyID: String?) async throws -> [UInt8] {
        let secret = Array(String(repeating: letter, count: 32).utf8)
        let signer = try await Forge.hmacSigner(secret, .hs256)
        let kid = keyID.map { #","kid":"\#($0)""# } ?? ""
        let parts = [#"{"alg":"HS256"\#(kid)}"#, claims].map { Base64.encode([UInt8]($0)) }
        let input = parts[0] + [0x2E] + parts[1]
        return input + [0x2E] + Base64.encode(try signer.sign(input))
    }

    /// Two issuers that have chosen the same name for their keys, or none.
    private func verifier(keyID: String?) async throws -> TokenVerifier {
        TokenVerifier(
            issuers: [
                try TokenIssuer(policy: policy("a", "chat"), keys: [await secretKey("a", keyID: keyID)]),
                try TokenIssuer(
                    policy: policy("b", claim: "email"), keys: [await secretKey("b", keyID: keyID)]),
            ], pseudonym: Self.pseudonym)
    }

    @Test(arguments: ["1", nil])
    func `a key verifies tokens of its own issuer and of nobody else`(keyID: String?) async throws {
        let verifier = try await verifier(keyID: keyID)
        func outcome(_ letter: Character, _ claims: String) async throws -> TokenRefusal? {
            verifier.verifyConnection(try await token(letter, claims, keyID: keyID), now: now).failure
        }
        #expect(try await outcome("a", #"{"iss":"a","aud":"chat","sub":"1"}"#) == nil)
        #expect(try await outcome("b", #"{"iss":"b","email":"1"}"#) == nil)
        #expect(try await outcome("a", #"{"iss":"b","aud":"chat","email":"1"}"#) == .issuer)
        #expect(try await outcome("b", #"{"iss":"a","aud":"chat","sub":"1"}"#) == .issuer)
        #expect(try await outcome("a", #"{"iss":"a","sub":"1"}"#) == .audience)
        #expect(try await outcome("c", #"{"iss":"a","aud":"chat","sub":"1"}"#) == .signature)
        #expect(try await outcome("a", #"{"sub":"1"}"#) == .issuer)
    }

    @Test func `each issuer names its users by its own claim`() async throws {
        let verifier = try await verifier(keyID: "1")
        let claims = #"{"iss":"b","sub":"7","email":"ada@b"}"#
        let token = try verifier.verifyConnection(
            await token("b", claims, keyID: "1"), now: now
        ).get()
        #expect(token.user == "ada@b")
        #expect(token.proof.issuer == "b")
    }

    @Test func `of all refusals the nearest to success is told`() async throws {
        let forge = try await Forge.all().first { $0.algorithm == .es256 }
        let es256 = try #require(forge)
        let verifier = TokenVerifier(
            issuers: [
                try TokenIssuer(policy: policy("a"), keys: [await secretKey("a", keyID: "1")]),
                try TokenIssuer(policy: policy("b"), keys: [es256.key]),
            ], pseudonym: Self.pseudonym)
        func outcome(_ token: [UInt8]) -> TokenRefusal? {
            verifier.verifyConnection(token, now: now).failure
        }
        #expect(outcome(try await token("a", "{}", keyID: "2")) == .kid)
        #expect(outcome(try await token("a", "{}", keyID: "ES256")) == .alg)
        #expect(outcome(try await token("b", "{}", keyID: "1")) == .signature)
        #expect(verifier.contains(keyID: "ES256"))
        #expect(!verifier.contains(keyID: "2"))
        #expect(!verifier.areAllSymmetric)
    }

    @Test func `without issuers every token is refused`() async throws {
        let verifier = TokenVerifier(issuers: [], pseudonym: Self.pseudonym)
        let token = try await token("a", "{}", keyID: nil)
        #expect(verifier.verifyConnection(token, now: now).failure == .kid)
        #expect(verifier.evidence(of: token).algorithm == .hs256)
    }

    @Test func `at most eight signatures are checked for one token`() async throws {
        var issuers: [TokenIssuer] = []
        for letter in "abcdefghij" {
            issuers.append(
                try TokenIssuer(
                    policy: policy(String(letter)), keys: [await secretKey(letter, keyID: "1")]))
        }
        let verifier = TokenVerifier(issuers: issuers, pseudonym: Self.pseudonym)
        let eighth = try await token("h", #"{"iss":"h","sub":"1"}"#, keyID: "1")
        #expect(verifier.verifyConnection(eighth, now: now).isSuccess)
        let ninth = try await token("i", #"{"iss":"i","sub":"1"}"#, keyID: "1")
        #expect(verifier.verifyConnection(ninth, now: now).failure == .signature)
    }

    @Test func `ten thousand random edits of two issuers' tokens are all refused`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("issuer mutation seed \(seed)")
        var random = SplitMix64(seed: seed)
        let forges = try await Forge.all()
        let half = forges.count / 2
        let verifier = TokenVerifier(
            issuers: [
                try TokenIssuer(policy: policy("a"), keys: forges[..<half].map(\.key)),
                try TokenIssuer(policy: policy("b"), keys: forges[half...].map(\.key)),
            ], pseudonym: Self.pseudonym)
        var count = 0
        for (index, forge) in forges.enumerated() {
            let token = try forge.token(#"{"sub":"42","iss":"\#(index < half ? "a" : "b")"}"#)
            #expect(verifier.verifyConnection(token, now: now).isSuccess)
            let foreign = try forge.token(#"{"sub":"42","iss":"\#(index < half ? "b" : "a")"}"#)
            #expect(verifier.verifyConnection(foreign, now: now).failure == .issuer)
            for _ in 0..<800 {
                var edited = token
                let place = Int.random(in: edited.indices, using: &random)
                edited[place] = UInt8.random(in: 0...255, using: &random)
                guard edited != token else { continue }
                count += 1
                if verifier.verifyConnection(edited, now: now).isSuccess {
                    Issue.record("seed \(seed): accepted \(String(decoding: edited, as: UTF8.self))")
                }
            }
        }
        #expect(count >= 10_000)
    }
}

/// The set an issuer publishes.
struct PublishedSetTests {
    private static let ed25519 =
        #""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#

    private func set(_ keys: String...) -> [UInt8] {
        [UInt8](#"{"keys":[\#(keys.map { "{\($0)}" }.joined(separator: ","))]}"#)
    }

    @Test func `what is not for us is passed over`() async throws {
        let keys = try await VerificationKey.publishedSet(
            set(
                #""kid":"enc","use":"enc",\#(Self.ed25519)"#, #""kty":"oct","k":"AAAA","alg":"HS256""#,
                #""kty":"EC","crv":"secp256k1","x":"AA","y":"AA""#, #""kty":"new""#,
                #""kid":"rsa","kty":"RSA","alg":"RSA-OAEP","n":"AA","e":"AQAB""#,
                #""kid":"sig","use":"sig",\#(Self.ed25519)"#))
        #expect(keys.map(\.keyID) == ["sig"])
    }

    @Test func `a set without a key that counts is none`() async throws {
        for empty in [set(), set(#""kty":"oct","k":"AAAA","alg":"HS256""#), [UInt8]("{}")] {
            await #expect(throws: KeyRefusal.noKeys) { try await VerificationKey.publishedSet(empty) }
        }
    }

    @Test func `what cannot be read, private keys and weak ones refuse the set`() async throws {
        let good = #""kid":"a",\#(Self.ed25519)"#
        for bad in [
            #"\#(Self.ed25519),"d":"AA""#, #""kty":"OKP","crv":"Ed25519","x":"AA""#,
            #""kty":"RSA","n":"AQAB","e":"AQAB""#, #""kid":"a",\#(Self.ed25519)"#, #""kty":1"#,
        ] {
            await #expect(throws: KeyRefusal.self) { try await VerificationKey.publishedSet(set(good, bad)) }
        }
        for text in ["", "[]", "<html>", "{\"keys\":{}}", "{\"keys\":[1]}", "{\"keys\":[{}]}"] {
            await #expect(throws: KeyRefusal.self) {
                try await VerificationKey.publishedSet([UInt8](text))
            }
        }
        let many = Array(repeating: "{}", count: 65).joined(separator: ",")
        await #expect(throws: KeyRefusal.self) {
            try await VerificationKey.publishedSet([UInt8]("{\"keys\":[\(many)]}"))
        }
    }
}
