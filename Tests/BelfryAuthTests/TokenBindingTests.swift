import BelfryAuth
import Testing

/// `cnf` of RFC 7800, with the method of RFC 8705.
struct TokenBindingTests {
    /// RFC 8705, 3.1, figure 2.
    private static let thumbprint = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"
    private static let hash = [UInt8](repeating: 0xA5, count: 32)
    private static let text = String(decoding: Base64.encode(hash), as: UTF8.self)

    private func token(
        _ claims: String, _ policy: AuthPolicy = AuthPolicy(requiresExpiry: false)
    ) async throws -> Result<ConnectionToken, TokenRefusal> {
        let forge = try await Forge.hmac()
        return try verifier([forge.key], policy).verifyConnection(forge.token(claims), now: now)
    }

    @Test(arguments: [
        (#"{"sub":"ada"}"#, TokenBinding.none), (#"{"cnf":null}"#, .none),
        (#"{"cnf":{"x5t#S256":"\#(text)"}}"#, .certificate(hash)),
        (#"{"cnf":{"jkt":"abc","x5t#S256":"\#(text)"}}"#, .certificate(hash)),
        (#"{"cnf":{"jkt":"abc"}}"#, .other), (#"{"cnf":{}}"#, .other),
        (#"{"cnf":{"x5t#S256":null}}"#, .other),
    ])
    func `a token says what it is bound to`(claims: String, binding: TokenBinding) async throws {
        #expect(try await token(claims).get().proof.binding == binding)
    }

    @Test(arguments: [
        #"{"cnf":"x"}"#, #"{"cnf":7}"#, #"{"cnf":[]}"#, #"{"cnf":{"x5t#S256":7}}"#,
        #"{"cnf":{"x5t#S256":""}}"#, #"{"cnf":{"x5t#S256":"YWJj"}}"#, #"{"cnf":{"x5t#S256":"\#(text)="}}"#,
        #"{"cnf":{"x5t#S256":"\#(text.dropLast())"}}"#,
        // The example of the RFC has bits where no byte is.
        #"{"cnf":{"x5t#S256":"\#(thumbprint)"}}"#,
    ])
    func `a binding that is none is malformed, never ignored`(claims: String) async throws {
        #expect(try await token(claims).failure == .malformed)
    }

    @Test func `where bindings are required, a connection token without one is refused`() async throws {
        let policy = AuthPolicy(requiresExpiry: false, requiresBinding: true)
        #expect(try await token(#"{"sub":"ada"}"#, policy).failure == .binding)
        #expect(try await token(#"{"cnf":{"x5t#S256":"\#(Self.text)"}}"#, policy).isSuccess)
        let forge = try await Forge.hmac()
        let subscription = try forge.token(#"{"channel":"$a"}"#)
        #expect(try verifier([forge.key], policy).verifySubscription(subscription, now: now).isSuccess)
    }

    @Test(arguments: [("{}", nil as Int64?), (#"{"iat":7}"#, 7), (#"{"iat":7.9}"#, 7), (#"{"iat":0}"#, 0)])
    func `a token says when it was issued`(claims: String, moment: Int64?) async throws {
        let proof = try await token(claims).get().proof
        #expect(proof.issuedAt == moment)
        #expect(proof.mark == TokenMark(id: nil, issuedAt: moment))
    }

    @Test func `evidence of a good token is what its proof says`() async throws {
        let proof = try await token(#"{"sub":"ada","iss":"i"}"#).get().proof
        let evidence = TokenEvidence(proof)
        #expect(evidence.algorithm == .hs256 && evidence.issuer == "i")
        #expect(evidence.subjectPseudonym == proof.subjectPseudonym)
    }
}
