import BelfryAuth
import BelfryReactor
import Testing

@testable import BelfryServer

@Suite struct TokenDeskTests {
    private static let secret = [UInt8](repeating: 7, count: 32)
    /// RFC 8037, A.2.
    private static let publicKey =
        #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#

    private func desk(_ keys: VerificationKey...) throws -> TokenDesk {
        let verifier = try TokenVerifier(
            policy: AuthPolicy(), keys: keys, pseudonym: Pseudonym(key: [1, 2, 3]))
        return TokenDesk(verifier: verifier) { 1_000 }
    }

    private func job(_ token: [UInt8]) -> TokenJob {
        TokenJob(slot: SlotID(index: 0, generation: 0), purpose: .connection, token: token)
    }

    private func token() async throws -> [UInt8] {
        var contents = TokenSigner.Contents(user: "ada")
        contents.expiresAt = 2_000
        return Array(try await TokenSigner(secret: Self.secret).sign(contents).utf8)
    }

    @Test func `HMAC tokens are verified at once, in the order of the jobs`() async throws {
        let desk = try desk(await .hmac(Self.secret))
        let jobs = [job(try await token()), job([0x78])]
        let verdicts = try #require(desk.verifyAtOnce(jobs))
        #expect(verdicts.map { $0.outcome.refusal == nil } == [true, false])
    }

    @Test func `without a key every token is refused at once`() async throws {
        let desk = TokenDesk(verifier: nil) { 1_000 }
        let jobs = [job(try await token())]
        let verdicts = try #require(desk.verifyAtOnce(jobs))
        #expect(verdicts.map(\.outcome.refusal) == [.kid])
    }

    @Test func `one asymmetric key sends every token to the verifying threads`() async throws {
        let desk = try desk(
            await .hmac(Self.secret), await .jwk(Array(Self.publicKey.utf8)))
        let jobs = [job(try await token())]
        #expect(desk.verifyAtOnce(jobs) == nil)
    }

    @Test func `a tick verifies so many tokens at once and no more`() throws {
        let desk = TokenDesk(verifier: nil) { 1_000 }
        let jobs = Array(repeating: job([0x78]), count: TokenDesk.atOnceMax)
        #expect(desk.verifyAtOnce(jobs)?.count == TokenDesk.atOnceMax)
        #expect(desk.verifyAtOnce(jobs + [job([0x78])]) == nil)
    }

    @Test func `a tick verifies so many bytes of tokens at once and no more`() throws {
        let desk = TokenDesk(verifier: nil) { 1_000 }
        let half = job([UInt8](repeating: 0x78, count: TokenDesk.atOnceBytesMax / 2))
        #expect(desk.verifyAtOnce([half, half])?.count == 2)
        #expect(desk.verifyAtOnce([half, half, job([0x78])]) == nil)
    }
}
