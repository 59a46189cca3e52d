import BelfryAuth
import Testing

/// The cache is seen through the verifier: what it holds, when it lets go, and that it never says more
/// than the verifier would.
struct TokenCacheTests {
    private func make(
        _ cache: TokenCache, _ policy: AuthPolicy = AuthPolicy(requiresExpiry: false)
    ) async throws -> (TokenVerifier, Forge) {
        let forge = try await Forge.hmac()
        return (try verifier([forge.key], policy, cache: cache), forge)
    }

    @Test func `a verified token is held once, a refused one never`() async throws {
        let cache = TokenCache()
        let (verifier, forge) = try await make(cache)
        let token = try forge.token(#"{"sub":"1"}"#)
        for _ in 0..<3 { #expect(try verifier.verifyConnection(token, now: now).get().user == "1") }
        #expect(cache.count == 1)
        _ = verifier.verifyConnection(token + [0x41], now: now)
        _ = verifier.verifyConnection(try forge.token(#"{"exp":1}"#), now: now)
        #expect(cache.count == 1)
        cache.removeAll()
        #expect(cache.count == 0)
    }

    @Test func `an entry ends with its token`() async throws {
        let cache = TokenCache()
        let (verifier, forge) = try await make(cache)
        let token = try forge.token(#"{"exp":\#(now + 10)}"#)
        #expect(verifier.verifyConnection(token, now: now).isSuccess)
        #expect(verifier.verifyConnection(token, now: now + 9).isSuccess)
        #expect(verifier.verifyConnection(token, now: now + 10).failure == .expired)
        #expect(cache.count == 0)
    }

    @Test func `leeway counts for the cache as for the verifier`() async throws {
        let (verifier, forge) = try await make(TokenCache(), AuthPolicy(leeway: 5))
        let token = try forge.token(#"{"exp":\#(now + 10)}"#)
        #expect(verifier.verifyConnection(token, now: now).isSuccess)
        #expect(verifier.verifyConnection(token, now: now + 14).isSuccess)
        #expect(verifier.verifyConnection(token, now: now + 15).failure == .expired)
    }

    @Test(arguments: [(Int64(59), true), (60, false), (61, false), (-1, false)])
    func `an entry is believed for a minute, and not by a clock set back`(after: Int64, held: Bool)
        async throws
    {
        // The expiry of the connection shows which verification an answer comes from: it is capped to a
        // year from then.
        let (verifier, forge) = try await make(TokenCache())
        let token = try forge.token(#"{"exp":9000000000}"#)
        let first = try verifier.verifyConnection(token, now: now).get().expireAt
        let second = try verifier.verifyConnection(token, now: now + after).get().expireAt
        #expect((first == second) == held)
    }

    @Test func `nbf holds again when the clock is set back`() async throws {
        let (verifier, forge) = try await make(TokenCache())
        let token = try forge.token(#"{"nbf":\#(now)}"#)
        #expect(verifier.verifyConnection(token, now: now).isSuccess)
        #expect(verifier.verifyConnection(token, now: now - 1).failure == .notYet)
    }

    @Test(arguments: [0, 1, 2, 10])
    func `the oldest entries go when the cache is full`(capacity: Int) async throws {
        let cache = TokenCache(capacity: capacity)
        let (verifier, forge) = try await make(cache)
        let tokens = try (0..<capacity + 3).map { try forge.token(#"{"exp":9000000000,"sub":"\#($0)"}"#) }
        for token in tokens { _ = verifier.verifyConnection(token, now: now) }
        #expect(cache.count == capacity)
        let held = try tokens.map { token in
            try verifier.verifyConnection(token, now: now + 1).get().expireAt == now + 365 * 86_400
        }
        // Each look at one that is gone verifies it anew and pushes the oldest out, so only the first look
        // at each counts: the newest were looked at last and are gone by then unless they fit.
        #expect(held.prefix(3).allSatisfy { !$0 })
        #expect(cache.count == capacity)
    }

    @Test func `large tokens share a bounded memory`() async throws {
        let cache = TokenCache(capacity: 1000, costLimit: 10_000)
        let (verifier, forge) = try await make(cache)
        let info = String(repeating: "x", count: 3000)
        for user in 0..<20 {
            let token = try forge.token(#"{"sub":"\#(user)","info":"\#(info)"}"#)
            #expect(token.count > 4000 && token.count < 5000)
            #expect(verifier.verifyConnection(token, now: now).isSuccess)
        }
        #expect(cache.count == 2)
    }

    @Test func `a long run of many tokens keeps count`() async throws {
        let seed: UInt64 = 0xCAC4E
        var random = SplitMix64(seed: seed)
        let cache = TokenCache(capacity: 50)
        let (verifier, forge) = try await make(cache)
        let tokens = try (0..<120).map { try forge.token(#"{"exp":\#(now + 1000),"sub":"\#($0)"}"#) }
        var time = now
        for _ in 0..<5000 {
            let user = Int.random(in: 0..<tokens.count, using: &random)
            time += Int64.random(in: -1...1, using: &random)
            let token = try verifier.verifyConnection(tokens[user], now: time).get()
            #expect(token.user == "\(user)", "seed \(seed)")
            #expect(cache.count <= 50)
        }
    }

    @Test func `a new verifier starts empty: after a change of keys the old token is refused`() async throws {
        let (verifier, forge) = try await make(TokenCache())
        let token = try forge.token("{}")
        #expect(verifier.verifyConnection(token, now: now).isSuccess)
        let changed = try BelfryAuthTests.verifier([try await .hmac([UInt8]("another"))])
        #expect(changed.verifyConnection(token, now: now).failure == .signature)
    }

    @Test func `many threads verify with one verifier`() async throws {
        let cache = TokenCache(capacity: 20)
        let (verifier, forge) = try await make(cache)
        let tokens = try (0..<40).map { try forge.token(#"{"sub":"\#($0)"}"#) }
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<400).allSatisfy { step in
                        let user = step % tokens.count
                        return (try? verifier.verifyConnection(tokens[user], now: now).get().user)
                            == "\(user)"
                    }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
        #expect(cache.count <= 20)
    }
}
