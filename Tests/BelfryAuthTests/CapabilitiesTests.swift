import BelfryAuth
import Testing

/// The claim `caps` of connection tokens, in Centrifugo's form.
struct CapabilitiesTests {
    private func capabilities(_ caps: String) async throws -> Result<Capabilities, TokenRefusal> {
        let forge = try await Forge.hmac()
        let token = try forge.token(#"{"sub":"42","caps":\#(caps)}"#)
        return try verifier([forge.key]).verifyConnection(token, now: now).map(\.capabilities)
    }

    @Test func `a token without caps grants nothing`() async throws {
        #expect(try await capabilities("null").get().isEmpty)
        #expect(try await capabilities("[]").get().operations(in: "news") == nil)
    }

    @Test func `an entry grants its operations in the channels it names`() async throws {
        let found = try await capabilities(
            #"[{"channels":["news","user_42"],"allow":["sub","pub"]},{"channels":["a"],"allow":["prs","hst"]}]"#
        ).get()
        #expect(found.operations(in: "news") == [.subscribe, .publish])
        #expect(found.operations(in: "user_42") == [.subscribe, .publish])
        #expect(found.operations(in: "a") == [.presence, .history])
        #expect(found.operations(in: "new") == nil)
        #expect(found.operations(in: "newss") == nil)
    }

    @Test func `the first entry that names a channel decides`() async throws {
        let found = try await capabilities(
            #"[{"channels":["news"],"allow":["pub"]},{"channels":["*"],"match":"wildcard","allow":["sub"]}]"#
        ).get()
        #expect(found.operations(in: "news") == .publish)
        #expect(found.operations(in: "other") == .subscribe)
    }

    /// Pattern, channel, whether it is one of the pattern's.
    @Test(arguments: [
        ("*", "a", true), ("*", "a:b", true), ("**", "a", true),
        ("news:*", "news:", true), ("news:*", "news:a*", true), ("news:*", "news", false),
        ("news:*", "xnews:a", false), ("*:a", "news:a", true), ("*:a", "news:ab", false),
        ("a*c", "abc", true), ("a*c", "ac", true), ("a*c", "acb", false), ("a*c", "acbc", true),
        ("*ab*ab*", "abab", true), ("*ab*ab*", "aab_ab", true), ("*ab*ab*", "aba", false),
        ("a*b*c", "a_b_b_c", true), ("a*b*c", "a_c_b", false), ("aa*aa", "aaa", false),
        ("*", "#42", false), ("*", "dialog#42", false), ("dialog*", "dialog#42", false),
        ("#*", "#42", true), ("dialog#*", "dialog#42,43", true), ("dialog#*", "dialog#42#43", false),
        ("*#42", "dialog#42", true), ("*a#*", "aa#1", true), ("*", "$a", false), ("*a", "$a", false),
        ("$*", "$a", true), ("$news:*", "$news:a", true), ("a*", "a$b", true), ("news", "news", true),
    ])
    func `a star stands for any bytes but the marks of private channels and listed users`(
        pattern: String, channel: String, matches: Bool
    ) async throws {
        let found = try await capabilities(
            #"[{"channels":["\#(pattern)"],"match":"wildcard","allow":["sub"]}]"#
        ).get()
        #expect((found.operations(in: channel) != nil) == matches)
    }

    @Test func `without match a star is a star`() async throws {
        let found = try await capabilities(#"[{"channels":["a*"],"match":"","allow":["sub"]}]"#).get()
        #expect(found.operations(in: "a*") == .subscribe)
        #expect(found.operations(in: "ab") == nil)
    }

    @Test func `names are compared byte by byte`() async throws {
        let found = try await capabilities(#"[{"channels":["\u212A"],"allow":["sub"]}]"#).get()
        #expect(found.operations(in: "K") == nil)
    }

    @Test(arguments: [
        "{}", #""a""#, "[1]", "[{}]", #"[{"channels":["a"]}]"#, #"[{"allow":["sub"]}]"#,
        #"[{"channels":"a","allow":["sub"]}]"#, #"[{"channels":[1],"allow":["sub"]}]"#,
        #"[{"channels":[""],"allow":["sub"]}]"#, #"[{"channels":["a"],"allow":"sub"}]"#,
        #"[{"channels":["a"],"allow":["publish"]}]"#,
        #"[{"channels":["a"],"match":"regex","allow":["sub"]}]"#,
        #"[{"channels":["a"],"match":1,"allow":["sub"]}]"#,
    ])
    func `caps that are not understood refuse the token`(caps: String) async throws {
        #expect(try await capabilities(caps).failure == .malformed)
    }

    @Test func `the longest name has 255 bytes, and a token at most 64 entries`() async throws {
        let entry = #"{"channels":["a"],"allow":[]}"#
        let (at, above) = (String(repeating: "a", count: 255), String(repeating: "a", count: 256))
        func name(_ name: String) -> String { #"[{"channels":["\#(name)"],"allow":["sub"]}]"# }
        #expect(try await capabilities(name(at)).isSuccess)
        #expect(try await capabilities(name(above)).failure == .malformed)
        func entries(_ count: Int) -> String {
            "[" + Array(repeating: entry, count: count).joined(separator: ",") + "]"
        }
        #expect(try await capabilities(entries(64)).isSuccess)
        #expect(try await capabilities(entries(65)).failure == .malformed)
    }

    @Test func `the slowest caps a token can hold cost a few milliseconds a channel`() async throws {
        let slow = (0..<23).map { _ in "\"" + String(repeating: "a*", count: 100) + "b\"" }
        let found = try await capabilities(
            #"[{"channels":[\#(slow.joined(separator: ","))],"match":"wildcard","allow":["sub"]}]"#
        ).get()
        let name = String(repeating: "a", count: 255)
        let time = ContinuousClock().measure { #expect(found.operations(in: name) == nil) }
        #expect(time < .milliseconds(100))
    }
}
