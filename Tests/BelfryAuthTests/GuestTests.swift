import BelfryAuth
import Testing

@Suite("Guests of the chat page")
struct GuestTests {
    static let mine = "00112233445566778899aabbccddeeff"

    @Test(arguments: [
        ("Ada", "Ada"), ("  Ada Lovelace\t", "Ada Lovelace"), ("Zoë", "Zoë"), ("孔子", "孔子"), ("👩‍💻", "👩‍💻"),
        ("<b>x</b>", "<b>x</b>"), (#"a"b\c"#, #"a"b\c"#),
        (String(repeating: "x", count: 32), String(repeating: "x", count: 32)),
    ])
    func `a name is what the visitor wrote, without blanks around it`(written: String, name: String) throws {
        #expect(try #require(Guest(name: written, secret: Self.mine)).name == name)
    }

    @Test(arguments: [
        "", "   ", String(repeating: "x", count: 33), "a\nb", "a\u{0}", "a\u{7F}", "a\u{202E}b", "a\u{2066}b",
        "a\u{200B}b", "a\u{FEFF}", "a\u{2028}b", "a\u{FFFD}", "a\u{E000}",
        "a" + String(repeating: "\u{301}", count: 200),
    ])
    func `a name that hides something, or is none, is refused`(written: String) {
        #expect(Guest(name: written, secret: Self.mine) == nil)
    }

    @Test(arguments: [
        "", "0011", mine + "0", mine.uppercased(), "zz112233445566778899aabbccddeeff", " " + mine.dropLast(),
    ])
    func `a secret is 32 hexadecimal digits`(secret: String) {
        #expect(Guest(name: "Ada", secret: secret) == nil)
    }

    @Test func `the secret makes the user, the name does not, and the user does not show the secret`() throws
    {
        let ada = try #require(Guest(name: "Ada", secret: Self.mine))
        let renamed = try #require(Guest(name: "Bob", secret: Self.mine))
        let other = try #require(Guest(name: "Ada", secret: String(Self.mine.reversed())))
        #expect(ada.user == renamed.user)
        #expect(ada.user != other.user)
        #expect(ada.user.hasPrefix("guest-") && ada.user.utf8.count == 22)
        #expect(!ada.user.contains(Self.mine.prefix(8)))
    }

    @Test(arguments: [("", ""), ("app", "relay")])
    func `a guest's token is believed for an hour, and tells the name`(issuer: String, audience: String)
        async throws
    {
        let guest = try #require(Guest(name: #"Zoë "Z" \"#, secret: Self.mine))
        let signer = GuestSigner(
            signer: try await TokenSigner(secret: secret), issuer: issuer, audience: audience)
        let token = [UInt8](try signer.token(for: guest, now: now))
        let verifier = try verifier(
            [try await .hmac(secret)], AuthPolicy(issuer: issuer, audience: audience, requiresExpiry: true))
        let verified = try verifier.verifyConnection(token, now: now).get()
        #expect(verified.user == guest.user)
        #expect(verified.expireAt == now + 3_600)
        #expect(verified.info?.bytes == [UInt8](#"{"name":"Zoë \"Z\" \\"}"#))
        #expect(verified.subscriptions.isEmpty)
        #expect(throws: TokenRefusal.expired) { try verifier.verifyConnection(token, now: now + 3_601).get() }
    }
}
