import BelfryAuth
import Foundation
import Testing

/// Goal: no change of a valid token, however small or clever, is accepted.
///
/// Method: from one valid token per algorithm, random edits (seeded), and by hand every trick for which
/// some JOSE library had a CVE. All run against one verifier that holds the keys of all algorithms, the
/// HMAC ones among them, so that a confusion of keys has something to find.
struct TokenMutationTests {
    private static let claims = #"{"sub":"42","exp":2524608000,"iss":"app","info":{"a":[1,2,3]}}"#

    private let forges: [Forge]
    private let verifier: TokenVerifier

    init() async throws {
        forges = try await Forge.all()
        let nameless = try await Forge.hmac().key
        verifier = try BelfryAuthTests.verifier(forges.map(\.key) + [nameless], AuthPolicy())
    }

    private func expectRefused(_ token: [UInt8], _ what: String) {
        #expect(!verifier.verifyConnection(token, now: now).isSuccess, "accepted: \(what)")
    }

    @Test func `ten thousand random edits of valid tokens are all refused`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("token mutation seed \(seed)")
        var random = SplitMix64(seed: seed)
        var count = 0
        for forge in forges {
            let token = try forge.token(Self.claims)
            #expect(verifier.verifyConnection(token, now: now).isSuccess)
            for _ in 0..<800 {
                let edited = Self.edit(token, &random)
                guard edited != token else { continue }
                count += 1
                if verifier.verifyConnection(edited, now: now).isSuccess {
                    Issue.record("seed \(seed): accepted \(String(decoding: edited, as: UTF8.self))")
                }
            }
        }
        #expect(count >= 10_000)
    }

    @Test func `parts of two valid tokens make no third one`() throws {
        for forge in forges {
            let one = try forge.token(Self.claims).split(separator: 0x2E).map(Array.init)
            let two = try forge.token(#"{"sub":"43","exp":2524608000}"#).split(separator: 0x2E).map(
                Array.init)
            expectRefused(one[0] + [0x2E] + two[1] + [0x2E] + one[2], "\(forge.algorithm): other payload")
            expectRefused(one[0] + [0x2E] + one[1] + [0x2E] + two[2], "\(forge.algorithm): other signature")
            for other in forges where other.algorithm != forge.algorithm {
                let header = Base64.encode([UInt8](other.header))
                expectRefused(
                    header + [0x2E] + one[1] + [0x2E] + one[2], "\(forge.algorithm) as \(other.algorithm)")
            }
        }
    }

    @Test(arguments: ["none", "None", "NONE", "nOnE", "", "HS", "null"])
    func `no signature is no token`(name: String) throws {
        for forge in forges {
            let header = #"{"alg":"\#(name)","kid":"\#(forge.algorithm.rawValue)"}"#
            let signed = try forge.token(Self.claims, header: header)
            expectRefused(signed, "alg \(name)")
            expectRefused(Self.withoutSignature(signed), "alg \(name), empty signature")
            expectRefused(
                Self.withoutSignature(try forge.token(Self.claims)), "\(forge.algorithm), empty signature")
        }
    }

    @Test func `a public key is no HMAC secret`() async throws {
        for forge in forges where !forge.publicPEM.isEmpty {
            let trimmed = forge.publicPEM.trimmingCharacters(in: .newlines)
            let body = trimmed.split(separator: "\n").dropFirst().dropLast().joined()
            let der = try #require(Base64.decode([UInt8](body)[...], .standard))
            for secret in [[UInt8](forge.publicPEM), [UInt8](trimmed), [UInt8](trimmed + "\n"), der, []] {
                for algorithm in [TokenAlgorithm.hs256, .hs384, .hs512] {
                    let signer = try await Forge.hmacSigner(secret, algorithm)
                    let attacker = Forge(algorithm: algorithm, signer: signer, key: forge.key, publicPEM: "")
                    for kid in [#","kid":"\#(forge.algorithm.rawValue)""#, ""] {
                        let header = #"{"alg":"\#(algorithm.rawValue)"\#(kid)}"#
                        expectRefused(
                            try attacker.token(Self.claims, header: header), "\(algorithm) keyed with PEM")
                    }
                }
            }
        }
    }

    @Test func `keys that come with the token are not used`() async throws {
        let attacker = try await Forge.hmacSigner([UInt8](repeating: 9, count: 64), .hs256)
        let forge = Forge(algorithm: .hs256, signer: attacker, key: forges[0].key, publicPEM: "")
        let k = String(decoding: Base64.encode([UInt8](repeating: 9, count: 64)), as: UTF8.self)
        for extra in [
            #""jwk":{"kty":"oct","alg":"HS256","k":"\#(k)"}"#, #""jku":"http://127.0.0.1:9/jwks""#,
            #""x5u":"http://127.0.0.1:9/cert""#, #""x5c":["AAAA"]"#, #""kid":"../../../../dev/null""#,
            #""kid":"x' UNION SELECT '\#(k)'--""#, #""kid":"http://127.0.0.1:9/""#, #""kid":"\u0000""#,
            #""kid":"\#(String(repeating: "k", count: 5000))""#,
        ] {
            expectRefused(try forge.token(Self.claims, header: #"{"alg":"HS256",\#(extra)}"#), extra)
        }
    }

    @Test(arguments: [
        #""crit":["b64"],"b64":false"#, #""crit":["unknown"],"unknown":1"#, #""crit":["exp"]"#, #""crit":[]"#,
        #""crit":"kid""#, #""b64":false"#, #""zip":"DEF""#, #""typ":"logout+jwt""#, #""alg":"HS256""#,
        #""kid":"x""#,
    ])
    func `a right signature does not excuse a header`(extra: String) throws {
        for forge in forges {
            let header =
                #"{"alg":"\#(forge.algorithm.rawValue)","kid":"\#(forge.algorithm.rawValue)",\#(extra)}"#
            expectRefused(try forge.token(Self.claims, header: header), "\(forge.algorithm) with \(extra)")
        }
    }

    @Test(arguments: [
        #"{"sub":"1","exp":"2524608000"}"#, #"{"sub":"1","exp":1e400}"#, #"{"sub":"1","exp":-2524608000}"#,
        #"{"sub":"1","exp":2524608000,"exp":2524608000}"#, #"{"sub":"1","exp":[2524608000]}"#,
        #"{"sub":"1"}"#,
        #"{"sub":"1","exp":true}"#, #"{"sub":"1","exp":1799999999}"#,
        #"{"sub":"1","exp":2524608000,"nbf":1800000001}"#,
        #"{"sub":"1","exp":2524608000,"nbf":"0"}"#, #"{"sub":1,"exp":2524608000}"#,
        #"{"sub":"1","exp":2524608000,}"#,
        #"{"sub":"1","exp":2524608000,"channel":"c"}"#, #"{"sub":"1","exp":2524608000,"aud":{}}"#,
        #"{"exp":2524608000}x"#,
    ])
    func `a right signature does not excuse claims`(claims: String) throws {
        for forge in forges { expectRefused(try forge.token(claims), "\(forge.algorithm) with \(claims)") }
    }

    @Test func `degenerate and foreign encodings of ECDSA signatures are refused`() throws {
        let orders: [TokenAlgorithm: String] = [
            .es256: "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
            .es384: String(repeating: "F", count: 48) + "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
            .es512: "01" + String(repeating: "F", count: 65)
                + "A51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
        ]
        for forge in forges {
            guard let hex = orders[forge.algorithm] else { continue }
            let token = try forge.token(Self.claims)
            let gated = try TokenGate.open(token)
            let size = gated.signature.count / 2
            let (r, s) = (Array(gated.signature[..<size]), Array(gated.signature[size...]))
            let order = Self.bytes(hex)
            #expect(order.count == size)
            let zero = [UInt8](repeating: 0, count: size)
            let one: [UInt8] = Array(zero.dropLast()) + [1]
            let forgeries: [(String, [UInt8])] = [
                ("r=s=0", zero + zero), ("r=0", zero + s), ("s=0", r + zero), ("r=n", order + s),
                ("s=n", r + order),
                ("r=s=n", order + order), ("r=s=1", one + one), ("DER", Self.der(r, s)),
                ("long", [0] + r + [0] + s),
                ("twice", r + s + r + s), ("short", Array(r.dropLast() + s.dropLast())), ("swapped", s + r),
            ]
            for (name, signature) in forgeries {
                let input = Array(gated.signingInput)
                expectRefused(input + [0x2E] + Base64.encode(signature), "\(forge.algorithm) \(name)")
            }
        }
    }

    @Test func `padding, line ends and dots added to a token are refused`() throws {
        for forge in forges {
            let token = try forge.token(Self.claims)
            for extra in [
                "=", "==", "\n", "\r\n", " ", ".", "..", "\u{0}", "A", "AA", "AAAA", ".AAAA", "%3D",
            ] {
                expectRefused(token + [UInt8](extra), "\(forge.algorithm) + \(extra.debugDescription)")
                expectRefused([UInt8](extra) + token, "\(extra.debugDescription) + \(forge.algorithm)")
            }
            for dots in [2, 1000, 8192, 1 << 20] {
                expectRefused([UInt8](repeating: 0x2E, count: dots), "\(dots) dots")
            }
        }
    }
}

extension TokenMutationTests {
    private static func edit(_ token: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var edited = token
        let letters = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0%")
        let index = Int.random(in: 0..<token.count, using: &random)
        let letter = letters[Int.random(in: 0..<letters.count, using: &random)]
        switch Int.random(in: 0..<10, using: &random) {
        case 0...4: edited[index] = letter
        case 5: edited.insert(letter, at: index)
        case 6: edited.remove(at: index)
        case 7: edited.removeLast(1 + index % 64)
        case 8: edited.swapAt(index, Int.random(in: 0..<token.count, using: &random))
        default: edited[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
        return edited
    }

    private static func withoutSignature(_ token: [UInt8]) -> [UInt8] {
        token[...(token.lastIndex(of: 0x2E) ?? 0)].map(\.self)
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue).map(UInt8.init)
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// What OpenSSL writes and JOSE must not take: SEQUENCE { INTEGER r, INTEGER s }.
    private static func der(_ r: [UInt8], _ s: [UInt8]) -> [UInt8] {
        let numbers = [r, s].flatMap { number -> [UInt8] in
            var digits = Array(number.drop { $0 == 0 })
            if digits.first ?? 0 >= 0x80 { digits.insert(0, at: 0) }
            return [2, UInt8(digits.count)] + digits
        }
        return [0x30] + (numbers.count < 128 ? [] : [0x81]) + [UInt8(numbers.count)] + numbers
    }
}
