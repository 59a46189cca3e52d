import BelfryAuth
import Testing

struct TokenRefusalTests {
    @Test func `the metric labels are these sixteen`() {
        #expect(
            TokenRefusal.allCases.filter { $0 != .keyPending }.map(\.label) == [
                "missing", "malformed", "alg", "kid", "signature", "expired", "not_yet", "issuer", "audience",
                "subject",
                "scope", "revoked", "replayed", "blocked", "binding", "internal",
            ])
        #expect(TokenRefusal.keyPending.label == "kid")
    }

    @Test(arguments: [
        (TokenRefusal.missing, [TokenConsequence.close(3501), .close(3501), .error(103), .error(107)]),
        (.malformed, [.close(3500), .close(3500), .error(103), .close(3500)]),
        (.alg, [.close(3500), .close(3500), .error(103), .close(3500)]),
        (.kid, [.close(3500), .close(3500), .error(103), .close(3500)]),
        (.keyPending, [.error(100), .error(100), .error(100), .error(100)]),
        (.signature, [.close(3500), .close(3500), .error(103), .close(3500)]),
        (.expired, [.error(109), .close(3005), .error(109), .error(109)]),
        (.notYet, [.error(109), .close(3005), .error(109), .error(109)]),
        (.issuer, [.close(3500), .close(3500), .error(103), .close(3500)]),
        (.audience, [.close(3500), .close(3500), .error(103), .close(3500)]),
        (.subject, [.close(3500), .close(3500), .close(3500), .close(3500)]),
        (.scope, [.close(3500), .close(3500), .close(3500), .close(3500)]),
        (.revoked, [.close(3500), .close(3500), .error(103), .close(3500)]),
        (.replayed, [.close(3500), .close(3500), .error(103), .close(3500)]),
        (.blocked, [.close(3507), .close(3507), .error(103), .close(3507)]),
        (.binding, [.close(3500), .close(3500), .error(103), .close(3500)]),
        (.internal, [.error(100), .error(100), .error(100), .error(100)]),
    ])
    func `each refusal has its consequence at connect, refresh, subscribe and subscription refresh`(
        refusal: TokenRefusal, consequences: [TokenConsequence]
    ) {
        #expect(TokenOccasion.allCases.map(refusal.consequence(at:)) == consequences)
    }
}
