import BelfryProtocol
import Testing

@testable import BelfryAPI

/// Blocks and revocations as callers write them.
@Suite struct DenialCommandTests {
    private let house = House()

    private func code(_ answer: String) -> Int? {
        answer.firstMatch(of: /"error":\{"code":([0-9]+),"message":".+"\}/).flatMap { Int($0.1) }
    }

    @Test func `a block names a user or a network, and says what it did`() async throws {
        let effect = #"{"result":{"closed":2,"durable":true}}"#
        #expect(try await house.answers(.block, #"{"user":"mallory","expire_at":7}"#) == effect)
        #expect(try await house.answers(.block, #"{"address":"192.0.2.0/24"}"#) == effect)
        #expect(
            try await house.answers(.denials, "{}")
                == #"{"result":{"denials":[{"user":"mallory","expire_at":7},{"address":"192.0.2.0/24"}]}}"#)
    }

    @Test func `a revocation names a token, or a user whose tokens are meant`() async throws {
        _ = try await house.answers(.revoke, #"{"token":"t-1"}"#)
        _ = try await house.answers(.revoke, #"{"tokens_of":"ada","issued_before":5,"expire_at":9}"#)
        #expect(
            house.denials() == [
                DenialEntry(.token("t-1")), DenialEntry(.tokensOf("ada"), expiresAt: 9, issuedBefore: 5),
            ])
    }

    @Test func `who is let in again is told apart from who was never kept out`() async throws {
        _ = try await house.answers(.block, #"{"user":"ada"}"#)
        let body = #"{"user":"ada"}"#
        #expect(try await house.answers(.unblock, body) == #"{"result":{"was_denied":true}}"#)
        #expect(try await house.answers(.unblock, body) == #"{"result":{"was_denied":false}}"#)
    }

    @Test(
        "what names nobody, or two, is refused and changes nothing",
        arguments: [
            (APIMethod.block, "{}"), (.block, #"{"user":"a","address":"::1"}"#), (.block, #"{"token":"t"}"#),
            (.block, #"{"user":"a","expire_at":-1}"#), (.revoke, #"{"user":"a"}"#),
            (.revoke, #"{"token":"t","tokens_of":"a"}"#), (.revoke, #"{"token":"t","issued_before":5}"#),
            (.revoke, #"{"tokens_of":"a","issued_before":-5}"#), (.unblock, "{}"),
            (.unblock, #"{"user":"a","token":"t"}"#),
        ]) func refusals(method: APIMethod, body: String) async throws
    {
        #expect(code(try await house.answers(method, body)) == 107)
        #expect(house.denials().isEmpty)
    }

    @Test func `a relay that cannot take more says so`() async throws {
        house.refuse(.limitExceeded)
        #expect(code(try await house.answers(.block, #"{"user":"ada"}"#)) == 106)
    }
}
