import BelfryAuth
import Testing

struct TokenVerifierTests {
    /// protocol vectors: HS256, secret `secret`, header {"alg":"HS256","typ":"JWT"}.
    private static let head = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    private static let plain = head + "eyJzdWIiOiI0MiJ9.79CVgMIG_JB921dVUeJDWNJubJojFodH3-XtC_1C408"
    private static let expiring =
        head + "eyJzdWIiOiI0MiIsImV4cCI6MjUyNDYwODAwMH0.CctpwP3JL5lWb9gbh6hiCTYiorcaoJ01k0Yq5Vc3GGE"
    private static let channel =
        head + "eyJzdWIiOiI0MiIsImNoYW5uZWwiOiJjaGF0OmxvYmJ5In0.FmhU_wl_qBOq3gDw5-jfHzbjSrIEsdinnUWxdvcMWFM"

    private func connection(
        _ claims: String, _ policy: AuthPolicy = AuthPolicy(requiresExpiry: false), at time: Int64 = now
    ) async throws -> Result<ConnectionToken, TokenRefusal> {
        let forge = try await Forge.hmac()
        return try verifier([forge.key], policy).verifyConnection(forge.token(claims), now: time)
    }

    private func subscription(_ claims: String) async throws -> Result<SubscriptionToken, TokenRefusal> {
        let forge = try await Forge.hmac()
        return try verifier([forge.key]).verifySubscription(forge.token(claims), now: now)
    }

    @Test func `the published vectors verify`() async throws {
        let verifier = try verifier([try await .hmac([UInt8]("secret"))])
        let plain = try verifier.verifyConnection([UInt8](Self.plain), now: now).get()
        #expect(plain.user == "42")
        #expect(plain.expireAt == nil)
        #expect(plain.proof.algorithm == .hs256)
        let expiring = try verifier.verifyConnection([UInt8](Self.expiring), now: now).get()
        #expect(expiring.proof.expiry == 2_524_608_000)
        #expect(expiring.expireAt == now + 365 * 86_400)
        let subscription = try verifier.verifySubscription([UInt8](Self.channel), now: now).get()
        #expect(subscription.channel == "chat:lobby")
        #expect(subscription.user == "42")
    }

    @Test func `a token for a channel opens no connection, and a connection token no channel`() async throws {
        let verifier = try verifier([try await .hmac([UInt8]("secret"))])
        #expect(verifier.verifyConnection([UInt8](Self.channel), now: now).failure == .scope)
        #expect(verifier.verifySubscription([UInt8](Self.plain), now: now).failure == .scope)
        // Neither does one that the cache already knows under its other name.
        #expect(verifier.verifyConnection([UInt8](Self.plain), now: now).isSuccess)
        #expect(verifier.verifySubscription([UInt8](Self.plain), now: now).failure == .scope)
        #expect(verifier.verifyConnection([UInt8](Self.plain), now: now).isSuccess)
    }

    @Test func `every algorithm verifies its own tokens`() async throws {
        let forges = try await Forge.all()
        let verifier = try verifier(forges.map(\.key))
        for forge in forges {
            let token = try verifier.verifyConnection(forge.token(#"{"sub":"7"}"#), now: now).get()
            #expect(token.user == "7")
            #expect(token.proof.algorithm == forge.algorithm)
            #expect(token.proof.keyID == forge.algorithm.rawValue)
        }
    }

    @Test(arguments: [
        (Int64(100), Int64(0), Int64(99), true), (100, 0, 100, false), (100, 0, 101, false),
        (100, 10, 109, true),
        (100, 10, 110, false), (100, 600, 159, true), (100, 600, 160, false), (100, -5, 100, false),
        (0, 0, 0, false),
        (100, 0, Int64.max, false), (100, 0, Int64.min, true),
    ])
    func `exp is over from its second on, leeway granted up to a minute`(
        expiry: Int64, leeway: Int64, time: Int64, passes: Bool
    ) async throws {
        let result = try await connection(#"{"exp":\#(expiry)}"#, AuthPolicy(leeway: leeway), at: time)
        #expect(result.failure == (passes ? nil : .expired))
    }

    @Test(arguments: [
        (Int64(100), Int64(0), Int64(99), false), (100, 0, 100, true), (100, 10, 89, false),
        (100, 10, 90, true),
    ])
    func `nbf is reached with its second`(start: Int64, leeway: Int64, time: Int64, passes: Bool) async throws
    {
        let result = try await connection(
            #"{"nbf":\#(start),"exp":1000}"#, AuthPolicy(leeway: leeway), at: time)
        #expect(result.failure == (passes ? nil : .notYet))
    }

    @Test(arguments: [
        #""2524608000""#, "1e400", "-1", "-1e-9", "-0", "9007199254740994", "1e16", "[2524608000]", "{}",
        "true", "NaN",
        "0x10", "2524608000 0",
    ])
    func `dates that are not plain numbers are refused`(date: String) async throws {
        for claim in ["exp", "nbf", "iat", "expire_at"] {
            #expect(try await connection("{\"\(claim)\":\(date)}").failure == .malformed, "\(claim)")
        }
    }

    @Test(arguments: [
        ("2524608000.9", Int64(2_524_608_000)), ("25246080e2", 2_524_608_000), ("9007199254740992", 1 << 53),
    ])
    func `fractions and exponents are numbers too`(text: String, date: Int64) async throws {
        #expect(try await connection(#"{"exp":\#(text)}"#).get().proof.expiry == date)
    }

    @Test func `a token without exp is refused unless that is switched off`() async throws {
        #expect(try await connection(#"{"sub":"1"}"#, AuthPolicy()).failure == .malformed)
        #expect(try await connection(#"{"exp":null}"#, AuthPolicy()).failure == .malformed)
        #expect(try await connection(#"{"sub":"1"}"#, AuthPolicy(requiresExpiry: false)).isSuccess)
    }

    @Test(arguments: [
        (#"{"exp":1800000100}"#, Int64?(1_800_000_100)),
        (#"{"exp":1800000100,"expire_at":1800000050}"#, 1_800_000_050),
        (#"{"exp":1800000100,"expire_at":0}"#, nil), (#"{"expire_at":1}"#, 1), (#"{}"#, nil),
        (#"{"exp":1831536000}"#, 1_831_536_000), (#"{"exp":1831536001}"#, 1_831_536_000),
        (#"{"exp":1800000100,"expire_at":9000000000}"#, 1_831_536_000),
    ])
    func `a connection ends with expire_at, else with exp, at most a year ahead`(claims: String, end: Int64?)
        async throws
    {
        #expect(try await connection(claims).get().expireAt == end)
    }

    @Test(arguments: [
        (#"{"iss":"a"}"#, nil as TokenRefusal?), (#"{"iss":"A"}"#, .issuer), (#"{"iss":"a "}"#, .issuer),
        (#"{}"#, .issuer),
        (#"{"iss":""}"#, .issuer), (#"{"iss":["a"]}"#, .issuer), (#"{"iss":1}"#, .issuer),
        (#"{"iss":null}"#, .issuer),
    ])
    func `iss is exactly the expected one`(claims: String, refusal: TokenRefusal?) async throws {
        #expect(
            try await connection(claims, AuthPolicy(issuer: "a", requiresExpiry: false)).failure == refusal)
    }

    @Test(arguments: [
        (#"{"aud":"a"}"#, nil as TokenRefusal?), (#"{"aud":["b","a"]}"#, nil), (#"{"aud":[]}"#, .audience),
        (#"{}"#, .audience),
        (#"{"aud":["b"]}"#, .audience), (#"{"aud":"ab"}"#, .audience), (#"{"aud":["a",1]}"#, .audience),
        (#"{"aud":{"a":"a"}}"#, .audience), (#"{"aud":1}"#, .audience), (#"{"aud":[["a"]]}"#, .audience),
    ])
    func `aud is or contains the expected one`(claims: String, refusal: TokenRefusal?) async throws {
        #expect(
            try await connection(claims, AuthPolicy(audience: "a", requiresExpiry: false)).failure == refusal)
    }

    @Test func `identifiers are compared byte by byte, not as a reader sees them`() async throws {
        let policy = AuthPolicy(issuer: "caf\u{E9}", requiresExpiry: false)
        #expect(try await connection("{\"iss\":\"caf\u{E9}\"}", policy).isSuccess)
        #expect(try await connection("{\"iss\":\"cafe\u{301}\"}", policy).failure == .issuer)
    }

    @Test func `wrong time is told only to tokens that are right otherwise`() async throws {
        let policy = AuthPolicy(issuer: "a", audience: "b")
        #expect(try await connection(#"{"exp":1}"#, policy).failure == .issuer)
        #expect(try await connection(#"{"exp":1,"iss":"a"}"#, policy).failure == .audience)
        #expect(
            try await connection(#"{"exp":1,"iss":"a","aud":"b","channel":"c"}"#, policy).failure == .scope)
        #expect(try await connection(#"{"exp":1,"iss":"a","aud":"b"}"#, policy).failure == .expired)
    }

    @Test(arguments: [
        #"{"sub":42}"#, #"{"sub":["42"]}"#, #"{"sub":"1","sub":"2"}"#, #"{"jti":1}"#, #"{"b64info":"e30"}"#,
        #"{"b64info":1}"#,
        #"{"meta":[]}"#, #"{"meta":"x"}"#, #"{"channels":"a"}"#, #"{"channels":[1]}"#, #"{"channels":[""]}"#,
        #"{"subs":[]}"#,
        #"{"subs":{"a":1}}"#, #"{"subs":{"":{}}}"#, #"{"subs":{"a":{},"a":{}}}"#,
        #"{"subs":{"a":{"override":1}}}"#,
        #"{"subs":{"a":{"override":{"presence":true}}}}"#,
        #"{"subs":{"a":{"override":{"presence":{"value":1}}}}}"#,
        #"["sub"]"#, #""sub""#, "", "{}{}", #"{"sub":"\ud800"}"#,
    ])
    func `claims of a wrong type are refused, never guessed`(claims: String) async throws {
        #expect(try await connection(claims).failure == .malformed)
    }

    @Test func `info and meta arrive as they were written`() async throws {
        let token = try await connection("{\"info\":{ \"n\" : 1.0,\n\"k\":\"\\u0041\"},\"meta\":{\"a\": 1}}")
            .get()
        #expect(token.info?.bytes == [UInt8]("{ \"n\" : 1.0,\"k\":\"\\u0041\"}"))
        #expect(token.info?.isJSON == true)
        #expect(token.meta == [UInt8](#"{"a": 1}"#))
        #expect(try await connection("{}").get().info == nil)
        #expect(try await connection(#"{"info":"x"}"#).get().info?.bytes == [UInt8](#""x""#))
    }

    @Test func `b64info wins over info and says whether it is JSON`() async throws {
        let json = try await connection(#"{"info":1,"b64info":"eyJhIjoxfQ=="}"#).get().info
        #expect(json?.bytes == [UInt8](#"{"a":1}"#))
        #expect(json?.isJSON == true)
        let binary = try await connection(#"{"b64info":"/wA="}"#).get().info
        #expect(binary?.bytes == [0xFF, 0])
        #expect(binary?.isJSON == false)
    }

    @Test func `subs win over channels and carry their options`() async throws {
        let plain = try await connection(#"{"channels":["a","b"]}"#).get()
        #expect(plain.subscriptions.map(\.channel) == ["a", "b"])
        let token = try await connection(
            #"{"channels":["x"],"subs":{"a":{"info":1,"data":2,"override":{"presence":{"value":false},"force_recovery":{"value":true}}},"b":{}}}"#
        ).get()
        #expect(token.subscriptions.map(\.channel) == ["a", "b"])
        let options = try #require(token.subscriptions.first?.options)
        #expect(options.info?.bytes == [UInt8]("1"))
        #expect(options.data?.bytes == [UInt8]("2"))
        #expect(options.presence == false)
        #expect(options.forceRecovery == true)
        #expect(options.joinLeave == nil)
        #expect(token.subscriptions[1].options == SubscriptionOptions())
    }

    @Test func `another claim may hold the user id`() async throws {
        let policy = AuthPolicy(requiresExpiry: false, userIDClaim: "uid")
        #expect(try await connection(#"{"sub":"1","uid":"2"}"#, policy).get().user == "2")
        #expect(try await connection(#"{"sub":"1"}"#, policy).get().user == "")
    }

    @Test func `a subscription token fits its channel, user and client only`() async throws {
        let token = try await subscription(#"{"channel":"c","sub":"u","client":"k","info":3}"#).get()
        #expect(token.options.info?.bytes == [UInt8]("3"))
        #expect(token.refusal(channel: "c", user: "u", client: "k") == nil)
        #expect(token.refusal(channel: "C", user: "u", client: "k") == .scope)
        #expect(token.refusal(channel: "c", user: "", client: "k") == .subject)
        #expect(token.refusal(channel: "c", user: "u", client: "") == .scope)
        let free = try await subscription(#"{"channel":"c"}"#).get()
        #expect(free.refusal(channel: "c", user: "", client: "k") == nil)
    }

    @Test(arguments: [
        (#"{"channel":""}"#, TokenRefusal.scope), (#"{"channel":null}"#, .scope),
        (#"{"channel":1}"#, .malformed),
    ])
    func `a subscription token names its channel`(claims: String, refusal: TokenRefusal) async throws {
        #expect(try await subscription(claims).failure == refusal)
    }

    @Test func `a refresh stays with its user`() async throws {
        let token = try await connection(#"{"sub":"1"}"#).get()
        #expect(token.refusal(asRefreshFor: "1") == nil)
        #expect(token.refusal(asRefreshFor: "") == .subject)
    }

    @Test func `logs get pseudonyms, nil where there is nobody`() async throws {
        let proof = try await connection(#"{"sub":"1","jti":"t"}"#).get().proof
        #expect(proof.subjectPseudonym == Pseudonym(key: [1, 2, 3]).of("1"))
        #expect(proof.tokenIDPseudonym == Pseudonym(key: [1, 2, 3]).of("t"))
        let anonymous = try await connection("{}").get().proof
        #expect(anonymous.subjectPseudonym == nil)
        #expect(anonymous.tokenIDPseudonym == nil)
    }

    @Test func `evidence of a refused token is cleaned and bounded`() async throws {
        let forge = try await Forge.hmac()
        let header = #"{"alg":"RS256","kid":"a\u000ab"}"#
        let token = try forge.token(
            #"{"iss":"x\u001b\#(String(repeating: "y", count: 500))","sub":"1"}"#, header: header)
        let evidence = try verifier([forge.key]).evidence(of: token)
        #expect(evidence.algorithm == .rs256)
        #expect(evidence.keyID == "a\u{FFFD}b")
        #expect(evidence.issuer?.unicodeScalars.count == 128)
        #expect(evidence.subjectPseudonym == Pseudonym(key: [1, 2, 3]).of("1"))
        #expect(try verifier([forge.key]).evidence(of: [0x2E]).algorithm == nil)
    }

    @Test func `an empty token is missing, a long one malformed`() async throws {
        let verifier = try verifier([try await Forge.hmac().key])
        #expect(verifier.verifyConnection([], now: now).failure == .missing)
        #expect(
            verifier.verifyConnection([UInt8](repeating: 0x41, count: 8193), now: now).failure == .malformed)
    }
}

struct KeyChoiceTests {
    private func key(_ text: String, _ terms: VerificationKey.Terms) async throws -> (
        VerificationKey, TokenSigner
    ) {
        let secret = [UInt8](text + "-a-secret-long-enough-for-every-hash")
        return (
            try await .hmac(secret, terms: terms), try await TokenSigner(secret: secret, keyID: terms.keyID)
        )
    }

    private func token(_ signer: TokenSigner, issuer: String? = nil) throws -> [UInt8] {
        var contents = TokenSigner.Contents(user: "1")
        contents.issuer = issuer
        return [UInt8](try signer.sign(contents))
    }

    @Test func `the previous key verifies until its date and not a second longer`() async throws {
        let (old, oldSigner) = try await key("old", .init(validUntil: now + 100))
        let (new, newSigner) = try await key("new", .init())
        let verifier = try verifier([new, old])
        let oldToken = try token(oldSigner)
        #expect(verifier.verifyConnection(oldToken, now: now + 98).isSuccess)
        #expect(verifier.verifyConnection(oldToken, now: now + 99).isSuccess)
        // Though the cache took it in a second ago.
        #expect(verifier.verifyConnection(oldToken, now: now + 100).failure == .signature)
        #expect(verifier.verifyConnection(try token(newSigner), now: now + 100).isSuccess)
    }

    @Test func `a named key past its date is no key`() async throws {
        let (old, signer) = try await key("old", .init(keyID: "o", validUntil: now))
        #expect(try verifier([old]).verifyConnection(try token(signer), now: now).failure == .kid)
    }

    @Test func `kid picks its key and no other`() async throws {
        let (one, signerOne) = try await key("one", .init(keyID: "1"))
        let (two, _) = try await key("two", .init(keyID: "2"))
        let (other, signerOther) = try await key("other", .init(keyID: "3"))
        #expect(try verifier([one, two]).verifyConnection(token(signerOne), now: now).isSuccess)
        #expect(try verifier([one, two]).verifyConnection(token(signerOther), now: now).failure == .kid)
        let swapped = try await key("one", .init(keyID: "2")).1
        #expect(try verifier([one, two]).verifyConnection(token(swapped), now: now).failure == .signature)
        // A key without name serves whatever kid tokens carry.
        let nameless = try await key("other", .init()).0
        #expect(try verifier([one, nameless]).verifyConnection(token(signerOther), now: now).isSuccess)
        let silent = try token(try await key("other", .init()).1)
        #expect(try verifier([other]).verifyConnection(silent, now: now).isSuccess)
    }

    @Test func `two issuers with the same kid never mix`() async throws {
        let (keyA, signerA) = try await key("a", .init(keyID: "1", issuer: "https://a"))
        let (keyB, signerB) = try await key("b", .init(keyID: "1", issuer: "https://b"))
        let verifier = try verifier([keyA, keyB])
        #expect(verifier.verifyConnection(try token(signerA, issuer: "https://a"), now: now).isSuccess)
        #expect(verifier.verifyConnection(try token(signerB, issuer: "https://b"), now: now).isSuccess)
        #expect(
            verifier.verifyConnection(try token(signerA, issuer: "https://b"), now: now).failure == .issuer)
        #expect(
            verifier.verifyConnection(try token(signerB, issuer: "https://a"), now: now).failure == .issuer)
        #expect(verifier.verifyConnection(try token(signerB), now: now).failure == .issuer)
    }

    @Test func `the key decides about the algorithm, whatever the header says`() async throws {
        let forges = try await Forge.all()
        for forge in forges {
            let verifier = try verifier([forge.key])
            for other in TokenAlgorithm.allCases where other != forge.algorithm {
                let header = #"{"alg":"\#(other.rawValue)","kid":"\#(forge.algorithm.rawValue)"}"#
                let token = try forge.token("{}", header: header)
                #expect(verifier.verifyConnection(token, now: now).failure == .alg)
            }
        }
    }
}
