import BelfryAuth
import Synchronization
import Testing

@testable import BelfryServer

/// What becomes of tokens whose key is not there.
@Suite struct KeyWatchTests {
    private final class Clock: Sendable {
        private let seconds = Atomic<Int>(100)
        var now: Duration { .seconds(seconds.load(ordering: .relaxed)) }
        func advance(to second: Int) { seconds.store(second, ordering: .relaxed) }
    }

    private let clock = Clock()

    private func watch(answeredSince: Duration?) -> KeyWatch {
        let watch = KeyWatch { [clock] in clock.now }
        watch.update(isFetching: true, answeredSince: answeredSince)
        return watch
    }

    private func token(kid: String?) -> [UInt8] {
        let kid = kid.map { #","kid":"\#($0)""# } ?? ""
        let header = Base64.encode(Array(#"{"alg":"ES256"\#(kid)}"#.utf8))
        return header + Array(".e30.".utf8) + Base64.encode([UInt8](repeating: 0, count: 64))
    }

    private func verifier(_ keyIDs: String...) async throws -> TokenVerifier {
        var keys: [VerificationKey] = []
        for keyID in keyIDs {
            keys.append(
                try await .hmac([UInt8](repeating: 7, count: 32), terms: .init(keyID: keyID)))
        }
        return try TokenVerifier(policy: AuthPolicy(), keys: keys, pseudonym: Pseudonym(key: [1]))
    }

    @Test func `who fetches no keys is told at once that there is none`() {
        let watch = KeyWatch()
        #expect(watch.judge(.kid, of: token(kid: "new"), by: nil) == .kid)
        #expect(!watch.takeWanted())
    }

    @Test func `an unknown key is wanted once, and decided when the issuer has answered since`() {
        let watch = watch(answeredSince: .seconds(50))
        #expect(watch.judge(.kid, of: token(kid: "new"), by: nil) == .keyPending)
        #expect(watch.takeWanted())
        #expect(!watch.takeWanted())
        watch.update(isFetching: true, answeredSince: .seconds(101))
        clock.advance(to: 103)
        #expect(watch.judge(.kid, of: token(kid: "new"), by: nil) == .kid)
        #expect(!watch.takeWanted())
    }

    @Test func `a signature that is wrong under a known name stays wrong`() async throws {
        let watch = watch(answeredSince: .seconds(50))
        let verifier = try await verifier("known")
        #expect(watch.judge(.signature, of: token(kid: "known"), by: verifier) == .signature)
        #expect(watch.judge(.alg, of: token(kid: "known"), by: verifier) == .alg)
        #expect(!watch.takeWanted())
    }

    @Test(arguments: [
        TokenRefusal.missing, .malformed, .expired, .notYet, .issuer, .audience, .subject, .scope, .revoked,
        .replayed, .internal,
    ])
    func `what other keys cannot turn is not judged`(refusal: TokenRefusal) {
        let watch = watch(answeredSince: nil)
        #expect(watch.judge(refusal, of: token(kid: "new"), by: nil) == refusal)
        #expect(!watch.takeWanted())
    }

    @Test func `a token without kid waits for the first answer only`() {
        let watch = watch(answeredSince: nil)
        #expect(watch.judge(.kid, of: token(kid: nil), by: nil) == .keyPending)
        watch.update(isFetching: true, answeredSince: .seconds(99))
        #expect(watch.judge(.signature, of: token(kid: nil), by: nil) == .signature)
        #expect(!watch.takeWanted())
    }

    @Test func `what is no token is not judged`() {
        let watch = watch(answeredSince: nil)
        #expect(watch.judge(.kid, of: [0x78], by: nil) == .kid)
    }

    @Test func `a failing source is reported once, then with each new reason and every five minutes`() {
        var complaint = KeyComplaint()
        let due = [("a", 0), ("a", 10), ("b", 20), ("b", 319), ("b", 320)].map { reason, second in
            complaint.isDue(reason, at: .seconds(second))
        }
        #expect(due == [true, false, true, false, true])
    }
}
