import BelfryAuth
import Foundation
import JWTKit
import Testing

/// Where the vectors of others are: `BELFRY_DATA`, or `../shared/data` beside the package.
enum TestData {
    static let root: String = {
        if let path = ProcessInfo.processInfo.environment["BELFRY_DATA"] { return path }
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)  // Tests/BelfryAuthTests/Support.swift
        return parts.joined(separator: "/") + "/../shared/data"
    }()

    static func bytes(_ name: String) throws -> [UInt8] {
        let path = root + "/" + name
        guard let data = FileManager.default.contents(atPath: path) else {
            Issue.record("test data missing: \(path) (set BELFRY_DATA)")
            throw CocoaError(.fileNoSuchFile)
        }
        return [UInt8](data)
    }
}

/// Deterministic randomness (Steele, Lea, Flood 2014): a failure can be run again from its printed seed.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension Array where Element == UInt8 {
    init(_ text: String) { self.init(text.utf8) }
}

/// A fixed moment: 2027-01-15 08:00:00 UTC.
let now: Int64 = 1_800_000_000
let secret = [UInt8]("a-secret-of-at-least-64-bytes-so-that-no-hash-finds-it-too-short!!")

/// Signs anything at all as a token, well formed or not.
struct Forge: Sendable {
    let algorithm: TokenAlgorithm
    let signer: any JWTAlgorithm
    let key: VerificationKey
    /// The public key, as attackers find it on the web; empty for HMAC.
    let publicPEM: String

    static func hmac(_ algorithm: TokenAlgorithm = .hs256, keyID: String? = nil) async throws -> Forge {
        let key = try await VerificationKey.hmac(secret, algorithm, terms: .init(keyID: keyID))
        return Forge(
            algorithm: algorithm, signer: try await hmacSigner(secret, algorithm), key: key, publicPEM: "")
    }

    static func hmacSigner(_ secret: [UInt8], _ algorithm: TokenAlgorithm) async throws -> any JWTAlgorithm {
        let digest: DigestAlgorithm =
            switch algorithm.hashLength {
            case 32: .sha256
            case 48: .sha384
            default: .sha512
            }
        let padded = secret + [UInt8](repeating: 0, count: max(0, 64 - secret.count))
        return try await JWTKeyCollection().add(hmac: HMACKey(from: padded), digestAlgorithm: digest).getKey()
    }

    /// One of each algorithm, its key named after it.
    static func all() async throws -> [Forge] {
        var forges: [Forge] = []
        for algorithm in TokenAlgorithm.allCases { forges.append(try await of(algorithm)) }
        return forges
    }

    private static func of(_ algorithm: TokenAlgorithm) async throws -> Forge {
        let terms = VerificationKey.Terms(keyID: algorithm.rawValue)
        let keys = JWTKeyCollection()
        let pem: String
        switch algorithm {
        case .hs256, .hs384, .hs512: return try await hmac(algorithm, keyID: algorithm.rawValue)
        case .rs256, .ps256: pem = try await addRSA(to: keys, .sha256, isPSS: algorithm == .ps256)
        case .rs384, .ps384: pem = try await addRSA(to: keys, .sha384, isPSS: algorithm == .ps384)
        case .rs512, .ps512: pem = try await addRSA(to: keys, .sha512, isPSS: algorithm == .ps512)
        case .es256:
            let key = ES256PrivateKey()
            await keys.add(ecdsa: key)
            pem = key.publicKey.pemRepresentation
        case .es384:
            let key = ES384PrivateKey()
            await keys.add(ecdsa: key)
            pem = key.publicKey.pemRepresentation
        case .es512:
            let key = ES512PrivateKey()
            await keys.add(ecdsa: key)
            pem = key.publicKey.pemRepresentation
        case .edDSA:
            let key = try EdDSA.PrivateKey()
            await keys.add(eddsa: key)
            pem = key.publicKey.pemRepresentation
        }
        return Forge(
            algorithm: algorithm, signer: try await keys.getKey(),
            key: try await .pem(pem, algorithm, terms: terms), publicPEM: pem)
    }

    /// The published test key of Wycheproof: nothing secret is kept in this repository.
    private static func addRSA(
        to keys: JWTKeyCollection, _ digest: DigestAlgorithm, isPSS: Bool
    ) async throws -> String {
        let set = try JSONObject(TestData.bytes("wycheproof/json_web_key_test.json")[...], limit: 16)
        let groups = try #require(try set["testGroups"]?.elements(limit: 100))
        let group = try #require(try groups[3].object(limit: 16))
        let jwks = try #require(try group["private"]?.object(limit: 16))
        let jwk = try #require(try jwks["keys"]?.elements(limit: 16)?[0].object(limit: 16))
        let key = try Insecure.RSA.PrivateKey(
            modulus: jwk.string("n"), exponent: jwk.string("e"), privateExponent: jwk.string("d"))
        if isPSS {
            await keys.add(pss: key, digestAlgorithm: digest)
        } else {
            await keys.add(rsa: key, digestAlgorithm: digest)
        }
        return key.publicKey.pemRepresentation
    }

    /// A header that names this algorithm and its key.
    var header: String { #"{"alg":"\#(algorithm.rawValue)","kid":"\#(algorithm.rawValue)"}"# }

    func token(_ payload: String, header: String? = nil) throws -> [UInt8] {
        let input = Base64.encode([UInt8](header ?? self.header)) + [0x2E] + Base64.encode([UInt8](payload))
        return input + [0x2E] + Base64.encode(try signer.sign(input))
    }
}

extension JSONObject {
    func string(_ name: String) throws -> String {
        guard case .string(let text) = self[name] else {
            Issue.record("no string \(name)")
            throw JSONFault.syntax
        }
        return text
    }
}

func verifier(
    _ keys: [VerificationKey], _ policy: AuthPolicy = AuthPolicy(requiresExpiry: false),
    cache: TokenCache = TokenCache()
) throws -> TokenVerifier {
    try TokenVerifier(policy: policy, keys: keys, pseudonym: Pseudonym(key: [1, 2, 3]), cache: cache)
}

extension Result {
    var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
    var isSuccess: Bool { failure == nil }
}
