import BelfryAuth
import Testing

struct TokenGateTests {
    private func token(header: String, payload: String = "{}", signature: [UInt8] = [1]) -> [UInt8] {
        Base64.encode([UInt8](header)) + [0x2E] + Base64.encode([UInt8](payload)) + [0x2E]
            + Base64.encode(signature)
    }

    private func fault(_ token: [UInt8]) -> TokenGate.Fault? {
        do { _ = try TokenGate.open(token) } catch { return error }
        return nil
    }

    @Test func `a well formed token is taken apart without changing a byte`() throws {
        let token = token(
            header: #"{"alg":"ES256","kid":"k/../1","typ":"JWT"}"#, payload: "a.b", signature: [7, 8])
        let gated = try TokenGate.open(token)
        #expect(gated.algorithm == .es256)
        #expect(gated.keyID == "k/../1")
        #expect(gated.payload == [UInt8]("a.b"))
        #expect(gated.signature == [7, 8])
        #expect(Array(gated.signingInput) + [0x2E] + Base64.encode([7, 8]) == token)
    }

    @Test(arguments: [
        #"{"alg":"HS256"}"#, #"{"alg":"HS256","typ":"jwt"}"#, #"{"alg":"HS256","typ":"at+JWT"}"#,
        #"{"alg":"HS256","typ":"application/at+jwt"}"#, #"{"alg":"HS256","kid":null}"#,
        #"{"alg":"HS256","kid":""}"#,
        #"{"alg":"HS256","jku":"https://127.0.0.1/","x5u":"file:///etc/passwd","jwk":{"kty":"oct"},"x5c":["x"]}"#,
    ])
    func `headers without surprises pass, and key material in them is not looked at`(header: String) {
        #expect(fault(token(header: header)) == nil)
    }

    @Test(arguments: [
        (#"{"alg":"none"}"#, TokenGate.Fault.algorithm), (#"{"alg":"None"}"#, .algorithm),
        (#"{"alg":"NONE"}"#, .algorithm),
        (#"{"alg":"nOnE"}"#, .algorithm), (#"{"alg":""}"#, .algorithm), (#"{"alg":null}"#, .algorithm),
        (#"{}"#, .algorithm),
        (#"{"alg":"hs256"}"#, .algorithm), (#"{"alg":"HS256 "}"#, .algorithm),
        (#"{"alg":["HS256"]}"#, .algorithm),
        (#"{"alg":256}"#, .algorithm), (#"{"alg":"ES256K"}"#, .algorithm), (#"{"alg":"HS1"}"#, .algorithm),
        (#"{"alg":"HS256","crit":["b64"],"b64":false}"#, .extensions),
        (#"{"alg":"HS256","crit":["exp"]}"#, .extensions),
        (#"{"alg":"HS256","crit":[]}"#, .extensions), (#"{"alg":"HS256","crit":null}"#, .extensions),
        (#"{"alg":"HS256","b64":true}"#, .extensions), (#"{"alg":"HS256","zip":"DEF"}"#, .extensions),
        (#"{"alg":"HS256","enc":"A128GCM"}"#, .extensions), (#"{"alg":"HS256","typ":"JOSE"}"#, .type),
        (#"{"alg":"HS256","typ":"dpop+jwt"}"#, .type), (#"{"alg":"HS256","typ":1}"#, .type),
        (#"{"alg":"HS256","typ":""}"#, .type),
        (#"{"alg":"HS256","kid":1}"#, .keyID), (#"{"alg":"HS256","kid":{"a":1}}"#, .keyID),
        (#"{"alg":"HS256","alg":"HS256"}"#, .header(.duplicateName)),
        (#"{"alg":"none","\u0061lg":"HS256"}"#, .header(.duplicateName)),
        (#"{"alg":"HS256"}{}"#, .header(.syntax)), (#"["HS256"]"#, .header(.syntax)),
    ])
    func `headers with a twist stop at the gate`(header: String, expected: TokenGate.Fault) {
        #expect(fault(token(header: header)) == expected)
    }

    @Test(arguments: [
        "a", "a.b", "..", ".a.b", "a.b.c.d", "eyJhbGciOiJIUzI1NiJ9.e30", "eyJhbGciOiJIUzI1NiJ9.e30.AQ.",
        "eyJhbGciOiJIUzI1NiJ9.e30.AQ.AQ.AQ",
    ])
    func `a token has exactly two dots and a header`(token: String) {
        #expect(fault([UInt8](token)) == .shape)
    }

    @Test(arguments: [
        "eyJhbGciOiJIUzI1NiJ9.e30.AQ=", "eyJhbGciOiJIUzI1NiJ9.e30.AQ==", "eyJhbGciOiJIUzI1NiJ9.e30.AR",
        "eyJhbGciOiJIUzI1NiJ9.e30=.AQ", "eyJhbGciOiJIUzI1NiJ9.e31.AQ", "eyJhbGciOiJIUzI1NiJ9.e3 0.AQ",
        "eyJhbGciOiJIUzI1NiJ9.e30.AQ\n", " eyJhbGciOiJIUzI1NiJ9.e30.AQ", "eyJhbGciOiJIUzI1NiJ9\u{0}.e30.AQ",
        "eyJhbGciOiJIUzI1NiJ9.e30.A+", "eyJhbGciOiJIUzI1NiJ9.e30.é",
    ])
    func `each part is the one spelling of its bytes`(token: String) {
        #expect(fault([UInt8](token)) == .base64)
    }

    @Test func `an empty signature passes the gate and no further`() {
        #expect(fault([UInt8]("eyJhbGciOiJIUzI1NiJ9.e30.")) == nil)
        #expect(fault([]) == .empty)
    }

    @Test(arguments: [(127, true), (128, true), (129, false), (5000, false)])
    func `kid has at most 128 bytes`(length: Int, fits: Bool) {
        let header = #"{"alg":"HS256","kid":"\#(String(repeating: "k", count: length))"}"#
        #expect(fault(token(header: header)) == (fits ? nil : .keyID))
    }

    @Test(arguments: [(8191, true), (8192, true), (8193, false)])
    func `a token has at most 8 KiB`(length: Int, fits: Bool) {
        let start = [UInt8]("eyJhbGciOiJIUzI1NiJ9.e30.")
        var padding = length - start.count
        if padding % 4 == 1 { padding -= 1 }  // that many letters are no base64
        let token = start + [UInt8](repeating: 0x41, count: fits ? padding : length - start.count)
        #expect(fault(token) == (fits ? nil : .length(length)))
    }

    @Test func `a megabyte of dots is refused by its length, 8 KiB of dots by its shape`() {
        #expect(fault([UInt8](repeating: 0x2E, count: 1 << 20)) == .length(1 << 20))
        #expect(fault([UInt8](repeating: 0x2E, count: 8192)) == .shape)
    }
}
