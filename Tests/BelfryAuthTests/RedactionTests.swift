import BelfryAuth
import Testing

struct RedactionTests {
    private static let token =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiJ9.79CVgMIG_JB921dVUeJDWNJubJojFodH3-XtC_1C408"

    @Test(arguments: [
        "\(token)", "a \(token) b", "\"\(token)\"", "x=\(token)&y=1", "/path/\(token)/more",
        "prefix-\(token)", "[\(token)]",
        "{\"token\":\"\(token)\"}", "Authorization: Bearer \(token)",
        "Sec-WebSocket-Protocol: centrifuge-json, \(token)",
        "\(token.split(separator: ".").joined(separator: "%2E"))", "bad:\(token)\n\(token)",
        "\(token.dropLast(60))",
        "/connection/websocket?access_token=\(token)", "eyJhbGciOiJIUzI1NiJ9 and more", "é\(token)é",
    ])
    func `a token is removed wherever it stands`(text: String) {
        let redacted = Redaction.redact(text)
        #expect(redacted.contains(Redaction.mark))
        for part in Self.token.split(separator: ".") { #expect(!redacted.contains(part)) }
        #expect(!redacted.contains("eyJ"))
    }

    @Test(arguments: [
        ("/ws?token=abc&x=1", "/ws?token=[redacted]&x=1"),
        ("/ws?x=1&ACCESS_TOKEN=a-b.c", "/ws?x=1&ACCESS_TOKEN=[redacted]"),
        ("jwt=abc", "jwt=[redacted]"), ("?refresh_token=abc#f", "?refresh_token=[redacted]#f"),
        (#"{"token":"abc","id":1}"#, #"{"token":"[redacted]","id":1}"#),
        ("token='abc'", "token='[redacted]'"),
        (#"{"token" : "abc"}"#, #"{"token" : "[redacted]"}"#), ("token = abc", "token = [redacted]"),
        ("authorization: bearer abc", "authorization: bearer [redacted]"), ("token=&x=1", "token=&x=1"),
        ("ZXhhbXBsZSBoZWFkZXI.ZXhhbXBsZSBwYXlsb2Fk.c2lnbmF0dXJl", "[redacted]"),
    ])
    func `values of names that carry tokens are removed`(text: String, redacted: String) {
        #expect(Redaction.redact(text) == redacted)
    }

    @Test(arguments: [
        "", "invalid token", "token: expired", "GET /connection/websocket HTTP/1.1",
        "www.chat.example.org:8443", "10.0.0.1",
        "SwiftProtobuf.BinaryDecodingError.truncated", "x=1&y=2", "key eyJ", "tokenizer=3",
    ])
    func `other words stay`(text: String) {
        #expect(Redaction.redact(text) == text)
    }

    @Test(arguments: [
        ("a\nb", "a\u{FFFD}b"), ("a\r\nb", "a\u{FFFD}\u{FFFD}b"), ("\u{1B}[2J", "\u{FFFD}[2J"),
        ("a\0b", "a\u{FFFD}b"),
        ("a\u{7F}\u{85}b", "a\u{FFFD}\u{FFFD}b"), ("a\u{2028}b", "a\u{FFFD}b"), ("a\u{202E}b", "a\u{FFFD}b"),
        ("a\u{2066}b\u{2069}", "a\u{FFFD}b\u{FFFD}"), ("Zoë 😀", "Zoë 😀"),
    ])
    func `characters that forge or hide lines are replaced`(text: String, cleaned: String) {
        #expect(Redaction.clean(text) == cleaned)
        #expect(Redaction.redact(text) == cleaned)
    }

    @Test func `texts are cut, after the tokens are out`() {
        #expect(Redaction.clean("abc", limit: 3) == "abc")
        #expect(Redaction.clean("abcd", limit: 3) == "abc")
        let long = String(repeating: "x ", count: 500_000) + Self.token
        #expect(Redaction.redact(long).unicodeScalars.count == 1024)
        #expect(Redaction.redact("\(Self.token)zz", limit: 4) == "[red")
    }
}

struct PseudonymTests {
    @Test func `a pseudonym is the start of HMAC-SHA-256 in hexadecimal`() {
        // RFC 4231 section 4.3, key "Jefe".
        let pseudonym = Pseudonym(key: [UInt8]("Jefe"))
        #expect(pseudonym.of("what do ya want for nothing?") == "5bdcc146bf60754e")
    }

    @Test func `it depends on the text and on the key`() {
        let one = Pseudonym(key: [1])
        #expect(one.of("a") == one.of("a"))
        #expect(one.of("a") != one.of("b"))
        #expect(one.of("a") != Pseudonym(key: [2]).of("a"))
        #expect(one.of("").count == 16)
    }
}
