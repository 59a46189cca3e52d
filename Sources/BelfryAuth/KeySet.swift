/// The keys that may verify, and the choice among them.
package struct KeySet: Sendable {
    /// Sets of public issuers hold two to six.
    package static let keyLimit = 64

    /// Signatures checked for one token at most.
    ///
    /// Rotation needs two; a wrong one costs its sender nothing, and us as much as a right one.
    static let candidateLimit = 4

    package let keys: [VerificationKey]
    /// Only HMAC: no token can ask for a signature that takes longer than 20 us.
    package let areAllSymmetric: Bool
    /// Only tokens that name one of the keys are looked at; all others are as unknown as without this set.
    private let needsKeyID: Bool

    package init(_ keys: [VerificationKey], needsKeyID: Bool = false) throws(KeyRefusal) {
        guard !keys.isEmpty else { throw .noKeys }
        guard keys.count <= Self.keyLimit else { throw .tooManyKeys }
        for (index, key) in keys.enumerated() {
            guard let keyID = key.keyID else { continue }
            let isDuplicate = keys[..<index].contains { $0.hasID(keyID) && $0.issuer == key.issuer }
            if isDuplicate { throw .duplicateKeyID(keyID) }
        }
        for algorithm in TokenAlgorithm.allCases {
            let nameless = keys.count { $0.keyID == nil && $0.algorithm == algorithm }
            guard nameless <= Self.candidateLimit else { throw .tooManyKeys }
        }
        self.keys = keys
        self.needsKeyID = needsKeyID
        areAllSymmetric = keys.allSatisfy { $0.algorithm.family == .hmac }
    }

    /// The key that verifies `token`.
    ///
    /// A `kid` that is known leaves only its key; an unknown one leaves the keys without `kid`. A token
    /// without `kid` may be verified by any key, named ones too, since some issuers name a key that their
    /// tokens do not mention; the first four of its algorithm are tried.
    ///
    /// - Parameters:
    ///   - token: what the gate let through.
    ///   - now: seconds since 1970.
    /// - Returns: the key whose signature is right.
    /// - Throws: `kid`, `alg` or `signature`.
    package func verify(_ token: GatedToken, now: Int64) throws(TokenRefusal) -> VerificationKey {
        var left = Self.candidateLimit
        return try verify(token, now: now, checksLeft: &left)
    }

    /// The same, with the number of signatures that may be checked yet.
    func verify(
        _ token: GatedToken, now: Int64, checksLeft left: inout Int
    ) throws(TokenRefusal) -> VerificationKey {
        let isNamed = token.keyID.map(contains(keyID:)) ?? false
        var refusal = TokenRefusal.kid
        for key in keys where isCandidate(key, for: token.keyID, isNamed: isNamed) && key.isValid(at: now) {
            guard key.algorithm == token.algorithm else {
                if refusal == .kid { refusal = .alg }
                continue
            }
            refusal = .signature
            guard left > 0 else { break }
            left -= 1
            if key.verifies(token.signature, of: token.signingInput) { return key }
        }
        throw refusal
    }

    /// Whether one of the keys is called so.
    package func contains(keyID: String) -> Bool { keys.contains { $0.hasID(keyID) } }

    /// `isNamed`: whether one of the keys is called `keyID`.
    private func isCandidate(_ key: VerificationKey, for keyID: String?, isNamed: Bool) -> Bool {
        guard let keyID else { return !needsKeyID }
        return isNamed ? key.hasID(keyID) : key.keyID == nil
    }
}

extension VerificationKey {
    fileprivate func hasID(_ other: String) -> Bool {
        keyID?.isIdentical(to: other) ?? false
    }

    fileprivate func isValid(at now: Int64) -> Bool { validUntil.map { now < $0 } ?? true }
}
