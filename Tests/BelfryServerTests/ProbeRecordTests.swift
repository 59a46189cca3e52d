import BelfryAnomaly
import BelfryAuth
import BelfryBytes
import Testing

@testable import BelfryServer

@Suite struct ProbeRecordTests {
    private func at(_ seconds: UInt64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    @Test func `only the first failure of a row and its end are news`() {
        var record = ProbeRecord()
        #expect(record.takeOutcome() == .notRun)
        #expect(record.passed(at: at(1)) == nil)
        #expect(record.failed(at: at(10)) == .failed)
        #expect(record.failed(at: at(20)) == nil && record.failuresInARow == 2)
        #expect(record.takeOutcome() == .failed && record.takeOutcome() == .notRun)
        #expect(record.passed(at: at(30)) == .passed(after: .seconds(20)))
        #expect(record.passed(at: at(40)) == nil && record.takeOutcome() == .passed)
        #expect(record.failed(at: at(50)) == .failed)
        #expect(record.passed(at: at(60)) != nil)
        #expect(record.takeOutcome() == .failed, "one failure outweighs a success")
    }

    @Test func `a pass lets in its own tokens and no others`() async throws {
        let (pass, other) = (try await ProbePass(uid: "a"), try await ProbePass(uid: "b"))
        let verifier = TokenVerifier(
            issuers: [pass.issuer], pseudonym: Pseudonym(key: [1]), cache: TokenCache(capacity: 4))
        let token = try verifier.verifyConnection(Array(pass.token(at: 1_000).utf8), now: 1_000).get()
        #expect(token.user == ProbePass.user)
        #expect(token.capabilities.operations(in: pass.channel) == [.subscribe, .publish])
        #expect(token.capabilities.operations(in: other.channel) == nil)
        // A stranger's token is unknown, whatever it lacks: who may know it has perhaps not been asked yet.
        let nameless = try await TokenSigner(secret: [UInt8](repeating: 7, count: 32))
        let stranger = verifier.verifyConnection(
            Array(try nameless.sign(.init(user: "ada")).utf8), now: 1_000)
        #expect(throws: TokenRefusal.kid) { try stranger.get() }
        let foreign = verifier.verifyConnection(Array(try other.token(at: 1_000).utf8), now: 1_000)
        #expect(throws: TokenRefusal.signature) { try foreign.get() }
        let late = verifier.verifyConnection(Array(try pass.token(at: 1_000).utf8), now: 10_000)
        #expect(throws: TokenRefusal.expired) { try late.get() }
    }
}
