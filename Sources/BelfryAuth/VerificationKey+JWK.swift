import JWTKit

extension VerificationKey {
    /// Reads one JSON Web Key (RFC 7517), strictly.
    ///
    /// - Parameters:
    ///   - text: the JSON object.
    ///   - terms: for whom and how long it counts; a `kid` in `text` wins over the one here.
    ///   - strict: refuse HMAC secrets shorter than the hash.
    /// - Returns: the key.
    /// - Throws: what is wrong with it, or with its strength.
    package static func jwk(
        _ text: [UInt8], terms: Terms = Terms(), strict: Bool = true
    ) async throws(KeyRefusal) -> VerificationKey {
        let members: JSONObject
        do { members = try JSONObject(text[...], limit: memberLimit) } catch { throw .malformed("JWK") }
        return try await jwk(members, terms: terms, strict: strict)
    }

    /// Reads a JWK set.
    ///
    /// One bad key refuses the set: half a set would lock out half of the users.
    package static func jwks(
        _ text: [UInt8], terms: Terms = Terms(), strict: Bool = true
    ) async throws(KeyRefusal) -> [VerificationKey] {
        var keys: [VerificationKey] = []
        for members in try keyObjects(text) {
            keys.append(try await jwk(members, terms: terms, strict: strict))
        }
        let secrets = keys.count { $0.algorithm.family == .hmac }
        guard secrets == 0 || secrets == keys.count else { throw .mixedKeySet }
        _ = try KeySet(keys)
        return keys
    }

    /// Reads the set that an issuer publishes.
    ///
    /// Public keys only. What is not for us is passed over, as RFC 7517, 5 has it: keys for encryption, and types,
    /// curves and algorithms that are not verified here; identity providers publish them side by side. A private key, a
    /// weak one or one that is not readable refuses the set, and so does a set without any that counts.
    ///
    /// - Parameter text: the document as it came, at most as long as the caller dared to fetch.
    /// - Returns: the keys, 1 to 64.
    /// - Throws: why the set as a whole is not taken into use.
    package static func publishedSet(_ text: [UInt8]) async throws(KeyRefusal) -> [VerificationKey] {
        var keys: [VerificationKey] = []
        for members in try keyObjects(text) {
            do throws(KeyRefusal) {
                // A secret that was published is none, whoever reads it.
                if try members.keyText("kty") == "oct" { continue }
                keys.append(try await jwk(members, terms: Terms(), strict: true))
            } catch .notForVerification, .unsupported {
                continue
            }
        }
        return try KeySet(keys).keys
    }

    /// More members than RFC 7517, 7518 and 8037 define for any key.
    private static let memberLimit = 32

    private static func keyObjects(_ text: [UInt8]) throws(KeyRefusal) -> [JSONObject] {
        do {
            let set = try JSONObject(text[...], limit: memberLimit)
            var objects: [JSONObject] = []
            for element in try set["keys"]?.elements(limit: KeySet.keyLimit) ?? [] {
                guard let members = try element.object(limit: memberLimit) else { throw JSONFault.syntax }
                objects.append(members)
            }
            return objects
        } catch { throw .malformed("JWK set") }
    }

    private static func jwk(
        _ members: JSONObject, terms: Terms, strict: Bool
    ) async throws(KeyRefusal) -> VerificationKey {
        try checkUse(members)
        var terms = terms
        terms.keyID = try members.keyText("kid") ?? terms.keyID
        let algorithm = try members.keyAlgorithm()
        let kind = try members.keyText("kty")
        // RFC 7518 section 6: these members exist only in private keys.
        if kind != "oct", ["d", "p", "q", "dp", "dq", "qi", "oth"].contains(where: members.mentions) {
            throw .privateKey
        }
        switch kind {
        case "oct": return try await secret(members, algorithm, terms: terms, strict: strict)
        case "RSA": return try await rsa(members, algorithm ?? .rs256, terms: terms)
        case "EC": return try await ec(members, algorithm, terms: terms)
        case "OKP": return try await okp(members, algorithm, terms: terms)
        default: throw .unsupported("kty")
        }
    }

    private static func checkUse(_ members: JSONObject) throws(KeyRefusal) {
        guard try members.keyText("use") ?? "sig" == "sig" else { throw .notForVerification }
        guard let operations = members["key_ops"] else { return }
        guard let list = try? operations.elements(limit: memberLimit) else { throw .malformed("key_ops") }
        let canVerify = list.contains { if case .string("verify") = $0 { true } else { false } }
        guard canVerify else { throw .notForVerification }
    }

    private static func secret(
        _ members: JSONObject, _ algorithm: TokenAlgorithm?, terms: Terms, strict: Bool
    ) async throws(KeyRefusal) -> VerificationKey {
        guard let algorithm else { throw .malformed("alg") }  // a secret alone fixes no algorithm
        return try await hmac(try members.keyBytes("k"), algorithm, terms: terms, strict: strict)
    }

    private static func rsa(
        _ members: JSONObject, _ algorithm: TokenAlgorithm, terms: Terms
    ) async throws(KeyRefusal) -> VerificationKey {
        // Checked before the library sees them, so that each weakness is named.
        _ = try RSAKeyPolicy.check(modulus: try members.keyBytes("n"), exponent: try members.keyBytes("e"))
        let modulus = try members.keyText("n") ?? ""
        let exponent = try members.keyText("e") ?? ""
        let key = try rsaKey { try .init(modulus: modulus, exponent: exponent) }
        return try await rsa(key, algorithm, terms: terms)
    }

    private static func ec(
        _ members: JSONObject, _ algorithm: TokenAlgorithm?, terms: Terms
    ) async throws(KeyRefusal) -> VerificationKey {
        switch try members.keyText("crv") {
        case "P-256":
            return try await ecdsa(
                try members.point(32, ES256PublicKey.init(parameters:)), terms: terms, as: algorithm)
        case "P-384":
            return try await ecdsa(
                try members.point(48, ES384PublicKey.init(parameters:)), terms: terms, as: algorithm)
        case "P-521":
            return try await ecdsa(
                try members.point(66, ES512PublicKey.init(parameters:)), terms: terms, as: algorithm)
        default: throw .unsupported("crv")
        }
    }

    private static func okp(
        _ members: JSONObject, _ algorithm: TokenAlgorithm?, terms: Terms
    ) async throws(KeyRefusal) -> VerificationKey {
        guard try members.keyText("crv") == "Ed25519" else { throw .unsupported("crv") }
        guard try members.keyBytes("x").count == 32, let x = try members.keyText("x"),
            let key = try? EdDSA.PublicKey(x: x, curve: .ed25519)
        else { throw .malformed("x") }
        return try await eddsa(key, terms: terms, as: algorithm)
    }
}

extension JSONObject {
    fileprivate func keyText(_ name: String) throws(KeyRefusal) -> String? {
        switch self[name] {
        case nil: return nil
        case .string(let text): return text
        default: throw .malformed(name)
        }
    }

    fileprivate func keyBytes(_ name: String) throws(KeyRefusal) -> [UInt8] {
        guard let text = try keyText(name), let bytes = Base64.decode(Array(text.utf8)[...]) else {
            throw .malformed(name)
        }
        return bytes
    }

    fileprivate func keyAlgorithm() throws(KeyRefusal) -> TokenAlgorithm? {
        guard let name = try keyText("alg") else { return nil }
        guard let algorithm = TokenAlgorithm(rawValue: name) else { throw .unsupported("alg") }
        return algorithm
    }

    /// Coordinates are as long as the field, leading zeros included (RFC 7518 section 6.2.1.2).
    ///
    /// The library refuses points off the curve.
    fileprivate func point<Key>(
        _ length: Int, _ make: (ECDSAParameters) throws -> Key
    ) throws(KeyRefusal) -> Key {
        guard try keyBytes("x").count == length, try keyBytes("y").count == length,
            let x = try keyText("x"), let y = try keyText("y"), let key = try? make((x, y))
        else { throw .malformed("point") }
        return key
    }
}
