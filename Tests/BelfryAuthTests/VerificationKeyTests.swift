import BelfryAuth
import Testing

struct VerificationKeyTests {
    private func refusal(_ make: () async throws(KeyRefusal) -> some Any) async -> KeyRefusal? {
        do { _ = try await make() } catch { return error }
        return nil
    }

    private func jwkRefusal(_ jwk: String) async -> KeyRefusal? {
        await refusal { () async throws(KeyRefusal) in try await VerificationKey.jwk([UInt8](jwk)) }
    }

    @Test(arguments: [(TokenAlgorithm.hs256, 32), (.hs384, 48), (.hs512, 64)])
    func `a secret shorter than its hash is a warning, and a refusal when strict`(
        algorithm: TokenAlgorithm, needed: Int
    ) async throws {
        let short = [UInt8](repeating: 7, count: needed - 1)
        #expect(
            try await VerificationKey.hmac(short, algorithm).warning
                == .shortSecret(bytes: needed - 1, needed: needed))
        #expect(try await VerificationKey.hmac(short + [7], algorithm, strict: true).warning == nil)
        let strict = await refusal { () async throws(KeyRefusal) in
            try await VerificationKey.hmac(short, algorithm, strict: true)
        }
        #expect(strict == .shortSecret(bytes: needed - 1, needed: needed))
    }

    @Test func `an empty secret and an algorithm that is not HMAC are refused`() async {
        #expect(
            await refusal { () async throws(KeyRefusal) in try await VerificationKey.hmac([]) }
                == .emptySecret)
        let mismatch = await refusal { () async throws(KeyRefusal) in
            try await VerificationKey.hmac(secret, .rs256)
        }
        #expect(mismatch == .mismatch(.rs256))
    }

    @Test func `a certificate gives the key it carries`() async throws {
        #expect(try await VerificationKey.pem(Certificates.ecdsa).algorithm == .es256)
        #expect(try await VerificationKey.pem(Certificates.rsa).algorithm == .rs256)
        #expect(try await VerificationKey.pem(Certificates.rsa, .ps512).algorithm == .ps512)
    }

    @Test func `each public key of a kind is bound to its algorithm`() async throws {
        for forge in try await Forge.all() where !forge.publicPEM.isEmpty {
            #expect(forge.key.algorithm == forge.algorithm)
            #expect(forge.key.keyID == forge.algorithm.rawValue)
            for other in TokenAlgorithm.allCases where other.family != forge.algorithm.family {
                let refused = await refusal { () async throws(KeyRefusal) in
                    try await VerificationKey.pem(forge.publicPEM, other)
                }
                #expect(refused == .mismatch(other), "\(forge.algorithm) as \(other)")
            }
        }
    }

    @Test func `an EC key serves the algorithm of its curve only`() async {
        let refused = await refusal { () async throws(KeyRefusal) in
            try await VerificationKey.pem(Certificates.ecdsa, .es384)
        }
        #expect(refused == .mismatch(.es384))
    }

    @Test(arguments: [
        "", "secret", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", Certificates.weakRSA,
    ])
    func `a PEM text without a usable key is refused`(text: String) async {
        let refused = await refusal { () async throws(KeyRefusal) in try await VerificationKey.pem(text) }
        guard case .malformed = refused else { return #expect(Bool(false), "\(String(describing: refused))") }
    }

    @Test func `a private key is refused wherever a public one belongs`() async {
        let pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
        #expect(
            await refusal { () async throws(KeyRefusal) in try await VerificationKey.pem(pem) } == .privateKey
        )
        #expect(await jwkRefusal(#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}"#) == .privateKey)
        #expect(await jwkRefusal(#"{"kty":"RSA","n":"AA","e":"AQAB","d":"AA"}"#) == .privateKey)
    }

    @Test(arguments: [
        (#"{}"#, KeyRefusal.unsupported("kty")), (#"{"kty":"oct","k":"AAAA"}"#, .malformed("alg")),
        (#"{"kty":"oct","alg":"HS256","k":"AA=="}"#, .malformed("k")),
        (#"{"kty":"oct","alg":"HS256"}"#, .malformed("k")),
        (#"{"kty":"oct","alg":"HS256","k":""}"#, .emptySecret),
        (#"{"kty":"oct","alg":"RS256","k":"AAAA"}"#, .mismatch(.rs256)),
        (#"{"kty":"oct","alg":"none","k":"AAAA"}"#, .unsupported("alg")),
        (#"{"kty":"oct","alg":"HS256","k":"AAAA","use":"enc"}"#, .notForVerification),
        (#"{"kty":"oct","alg":"HS256","k":"AAAA","key_ops":["sign"]}"#, .notForVerification),
        (#"{"kty":"oct","alg":"HS256","k":"AAAA","key_ops":[]}"#, .notForVerification),
        (#"{"kty":"oct","alg":"HS256","k":"AAAA","key_ops":"verify"}"#, .malformed("key_ops")),
        (#"{"kty":"oct","alg":"HS256","k":"AAAA"}"#, .shortSecret(bytes: 3, needed: 32)),
        (#"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#, .unsupported("crv")),
        (#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, .malformed("point")),
        (#"{"kty":"OKP","crv":"Ed448","x":"AA"}"#, .unsupported("crv")),
        (#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#, .malformed("x")),
        (#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, .modulusSize(bits: 17)),
        (#"{"kty":"oct","kty":"oct"}"#, .malformed("JWK")), (#"[]"#, .malformed("JWK")),
    ])
    func `a JWK is read strictly`(jwk: String, expected: KeyRefusal) async {
        #expect(await jwkRefusal(jwk) == expected)
    }

    @Test(arguments: [("Ag", KeyRefusal.exponent), ("AQ", .exponent), ("AQAA", .exponent), ("", .exponent)])
    func `an RSA exponent is odd and above one`(exponent: String, expected: KeyRefusal) async {
        let modulus = String(
            decoding: Base64.encode([0xC1] + [UInt8](repeating: 0x5B, count: 255)), as: UTF8.self)
        #expect(await jwkRefusal(#"{"kty":"RSA","n":"\#(modulus)","e":"\#(exponent)"}"#) == expected)
    }

    @Test(arguments: [(2047, false), (2048, true), (8192, true), (8193, false)])
    func `an RSA modulus has 2048 to 8192 bits`(bits: Int, fits: Bool) async {
        let top = UInt8(1) << UInt8((bits - 1) % 8)
        let modulus = [top] + [UInt8](repeating: 0x5B, count: (bits - 1) / 8)
        let text = String(decoding: Base64.encode(modulus), as: UTF8.self)
        let refused = await jwkRefusal(#"{"kty":"RSA","n":"\#(text)","e":"AQAB"}"#)
        #expect((refused == .modulusSize(bits: bits)) == !fits)
    }

    @Test func `keys that do not go together make no set`() async throws {
        let named = try await Forge.hmac(keyID: "one").key
        let nameless = try await Forge.hmac().key
        #expect(throws: KeyRefusal.noKeys) { try KeySet([]) }
        #expect(throws: KeyRefusal.duplicateKeyID("one")) { try KeySet([named, named]) }
        #expect(throws: KeyRefusal.tooManyKeys) { try KeySet(Array(repeating: nameless, count: 5)) }
        #expect(try KeySet(Array(repeating: nameless, count: 4)).keys.count == 4)
        let other = try await VerificationKey.hmac(secret, terms: .init(keyID: "one", issuer: "b"))
        #expect(try KeySet([named, other]).keys.count == 2)
    }

    @Test func `no refusal says what the secret is`() async {
        let refused = await jwkRefusal(#"{"kty":"oct","alg":"HS256","k":"c2VjcmV0"}"#)
        #expect(refused.map { "\($0)" } == "the secret has 6 bytes, its hash needs 32")
    }
}

/// Public halves of keys made for this test; the private halves were thrown away.
enum Certificates {
    static let ecdsa = """
        -----BEGIN CERTIFICATE-----
        MIIBhDCCASmgAwIBAgIUW8vDxx2XbDUbPtr1e/PWua7L9EswCgYIKoZIzj0EAwIw
        FjEUMBIGA1UEAwwLaXNzdWVyLnRlc3QwIBcNMjYxMTIzMjEwNTU0WhgPMjEyNjEw
        MzAyMTA1NTRaMBYxFDASBgNVBAMMC2lzc3Vlci50ZXN0MFkwEwYHKoZIzj0CAQYI
        KoZIzj0DAQcDQgAEje/Q4onNaJaC8lq+QtlYFWjw3ym1zVPhVS6oglG4xkB046Kp
        uGDZ2qrTxvs9W21sRU+ggLEfFLgpbkP+HRQAj6NTMFEwHQYDVR0OBBYEFJKoo6oz
        hb+NdK034a4nPqLs2xteMB8GA1UdIwQYMBaAFJKoo6ozhb+NdK034a4nPqLs2xte
        MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAPSwC7FCY2TCygVv
        g4tGLgQeJjcRTpIx6Z6zd/fd0byzAiEAjF56dSHWYYkPZgOFzqbJtOA31rHB+Try
        vpNJeBoUBA4=
        -----END CERTIFICATE-----
        """

    static let rsa = """
        -----BEGIN CERTIFICATE-----
        MIIDDzCCAfegAwIBAgIUa1mLAxk01sOvyWL1PdTHPMNjWPswDQYJKoZIhvcNAQEL
        BQAwFjEUMBIGA1UEAwwLaXNzdWVyLnRlc3QwIBcNMjYxMTIzMjEwNTU0WhgPMjEy
        NjEwMzAyMTA1NTRaMBYxFDASBgNVBAMMC2lzc3Vlci50ZXN0MIIBIjANBgkqhkiG
        9w0BAQEFAAOCAQ8AMIIBCgKCAQEApQLOz7EjaPTOp69zyNLtkWGAlbEFnB9tsiVK
        P7BKuI8LiFo0NOVmHpK0IE/s56AukdhlSH7Y51WBO52K4+UW9oo0d1ejoJ50bFFS
        UBQaPgE8c+Gnd4iB6ZlfsbhMXqyD9/m1q5D+n8BvhmSTPHIk+pabHyzllStUj+TU
        B/qCCb3G3dzk6tXR0DJKswdgazDEghpQ/YVSxyRUPF9OscLxRsDMqML2N+jibJOf
        Dw4lBnLLeosC+DDu8dW4Og8fz/Piks5Sn1aIZb4ZbQc8Q+v84BXdzhNv70LKAfcY
        S8z+CX5nkgQLgtvFA2OnZ6i6wrZk2l4fBmtlijbT6W3w+AuEuwIDAQABo1MwUTAd
        BgNVHQ4EFgQUwhU1z8lLNFv3TcWbJnlU4ZieKWEwHwYDVR0jBBgwFoAUwhU1z8lL
        NFv3TcWbJnlU4ZieKWEwDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOC
        AQEASdqVBbbQPn3RkyRzRrnhZ5w/mCt8XDvWS1fL8DAthmOxWtFU/wp686y1Wscs
        8+N/v1J09AzYB/ewp7krvs2zEIN+Cn/mXtFC24vPo6FsixCwA1NCiTpLxARXvWMR
        8v3v3JK4rwPvSFp0L8Kc3NofQp3xtiK9lK2KatHTgV9yFvRLmlnOPaAw5KVH2gAq
        2n9LDFhA0FD7Mnh1LajIMuEQdLUpaqa7bfPosxBr8okXikrbKzWWSB3DLlWGj5Gj
        93BRSrWz7FD1s3uyynFZnqLMtlaSIkq7e074Qd68dvwbCKvGEULuu2nTTgdCi6vR
        SBlESCCQz67O9FHrvJftClfT2w==
        -----END CERTIFICATE-----
        """

    static let weakRSA = """
        -----BEGIN PUBLIC KEY-----
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDN/A2zxnEMA/o74W7WRGHn4uIj
        hwiO7oOyAQcYDErwEgGelw163i4lXgge5IXjJsyLpVFKcbmIudrdD6DYFBSZttk0
        hbznCVpF1iprj5Nd6/7i3YcU/hVXplHYa7jkic1PurKDHM9cdCpBwIbwSBn2s1yg
        +R4x8eIbTuIdDguuZwIDAQAB
        -----END PUBLIC KEY-----
        """
}
