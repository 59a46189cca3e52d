import BelfryAuth
import BelfryOutbound

/// Whose tokens are believed, as configured: the keys at hand, and where to fetch others.
struct KeyPlan: Sendable {
    struct Issuer: Sendable {
        let policy: AuthPolicy
        let ownKeys: [VerificationKey]
        let sources: [KeySource]
    }

    var issuers: [Issuer] = []
    /// The relay's own probe, beside those whom an operator believes.
    var probe: TokenIssuer?
    let pseudonym: Pseudonym
    /// How old fetched keys may get.
    let interval: Duration
    /// Verified tokens remembered.
    let cacheCapacity: Int

    init(pseudonym: Pseudonym, interval: Duration, cacheCapacity: Int) {
        self.pseudonym = pseudonym
        self.interval = interval
        self.cacheCapacity = cacheCapacity
    }

    var sources: [KeySource] { issuers.flatMap(\.sources) }

    /// What verifies tokens with the keys at hand and those fetched; `nil` when there are none at all.
    ///
    /// A new one each time, so that no token outlives its key in the cache.
    func verifier(fetched: [KeySource: [VerificationKey]]) throws(KeyRefusal) -> TokenVerifier? {
        var found: [TokenIssuer] = []
        for issuer in issuers {
            let keys = issuer.ownKeys + issuer.sources.flatMap { fetched[$0] ?? [] }
            if !keys.isEmpty { found.append(try TokenIssuer(policy: issuer.policy, keys: keys)) }
        }
        if let probe { found.append(probe) }
        if found.isEmpty { return nil }
        return TokenVerifier(
            issuers: found, pseudonym: pseudonym, cache: TokenCache(capacity: cacheCapacity))
    }
}

/// Where an issuer publishes keys: they count for its tokens, and for nobody else's.
struct KeySource: Hashable, Sendable {
    let issuer: String
    let address: String
    /// For the journal.
    let name: String
    let roots: DocumentFetcher.Roots
}
