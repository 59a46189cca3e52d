import BelfryAuth
import Testing

struct WycheproofTests {
    /// Vectors whose label and text do not agree: 346 and 350 name PS384 for a PS256 key but are labelled
    /// valid (RFC 7520 figure 20), 367 and 370 are byte for byte the valid 357, 372 and 373 hold a `?`
    /// inside base64url.
    private static let disputed: Set<Int> = [346, 350, 367, 370, 372, 373]

    private func groups(_ file: String) throws -> [JSONObject] {
        let set = try JSONObject(TestData.bytes("wycheproof/" + file)[...], limit: 16)
        let groups = try #require(try set["testGroups"]?.elements(limit: 1000))
        return try groups.map { try #require(try $0.object(limit: 16)) }
    }

    private struct Vector {
        let id: Int
        let token: [UInt8]
        let isValid: Bool
    }

    private func vectors(_ group: JSONObject) throws -> [Vector] {
        try #require(try group["tests"]?.elements(limit: 1000)).map { value in
            let test = try #require(try value.object(limit: 16))
            let id = try #require(Int(String(decoding: test.text(of: "tcId") ?? [], as: UTF8.self)))
            return Vector(
                id: id, token: [UInt8](try test.string("jws")), isValid: try test.string("result") == "valid")
        }
    }

    private func accepts(_ token: [UInt8], _ keys: KeySet?) -> Bool {
        guard let keys, let gated = try? TokenGate.open(token) else { return false }
        return (try? keys.verify(gated, now: now)) != nil
    }

    @Test func `of 401 JWS vectors exactly the six disputed ones disagree`() async throws {
        var disagreeing: Set<Int> = []
        var count = 0
        for group in try groups("json_web_signature_test.json") {
            let jwk = try #require(group.text(of: "public") ?? group.text(of: "private"))
            // The vectors call ES512 by the number of its curve.
            let text = String(decoding: jwk, as: UTF8.self).split(separator: "ES521").joined(
                separator: "ES512")
            let key = try? await VerificationKey.jwk([UInt8](text))
            let keys = try key.map { try KeySet([$0]) }
            for vector in try vectors(group) {
                count += 1
                if accepts(vector.token, keys) != vector.isValid { disagreeing.insert(vector.id) }
            }
        }
        #expect(count == 401)
        #expect(disagreeing == Self.disputed)
    }

    @Test func `all 26 JWK vectors agree`() async throws {
        var count = 0
        for group in try groups("json_web_key_test.json") {
            let jwks = try #require(group.text(of: "public") ?? group.text(of: "private"))
            let loaded = try? await VerificationKey.jwks(jwks)
            let keys = try loaded.map { try KeySet($0) }
            for vector in try vectors(group) {
                count += 1
                #expect(accepts(vector.token, keys) == vector.isValid, "tcId \(vector.id)")
            }
        }
        #expect(count == 26)
    }
}
