import Testing

@testable import BelfryObserve

@Suite struct EventTextTests {
    @Test(arguments: [
        ("plain text, 192.0.2.7", "plain text, 192.0.2.7"),
        ("a\nINJECTED=1", "a\\nINJECTED=1"),
        ("a\r\tb", "a\\r\\tb"),
        ("\u{1B}[31mred", "\\x1b[31mred"),
        ("nul\u{0}bell\u{7}del\u{7F}", "nul\\x00bell\\x07del\\x7f"),
        ("c1 \u{85} csi \u{9B}", "c1 \\u{85} csi \\u{9b}"),
        ("line\u{2028}par\u{2029}", "line\\u{2028}par\\u{2029}"),
        (
            "\u{202E}fdp.exe\u{2066}\u{2069}\u{200F}\u{61C}",
            "\\u{202e}fdp.exe\\u{2066}\\u{2069}\\u{200f}\\u{61c}"
        ),
        ("back\\slash", "back\\\\slash"),
        ("grüße 🔔 \u{A0}", "grüße 🔔 \u{A0}"),
        ("", ""),
    ])
    func `what could deceive a terminal or a reader is escaped`(text: String, expected: String) {
        #expect(SafeText.string(text) == expected)
    }

    @Test func `invalid UTF-8 is repaired before it becomes a field`() {
        let text = String(decoding: [0x61, 0xFF, 0xC3, 0x28, 0xE2, 0x82], as: UTF8.self)
        #expect(SafeText.string(text) == "a\u{FFFD}\u{FFFD}(\u{FFFD}")
    }

    @Test(arguments: [
        ("abcd", 4, "abcd", true), ("abcde", 4, "abcd", false), ("abc\n", 4, "abc", false),
        ("ab\n", 4, "ab\\n", true), ("aaü", 4, "aaü", true), ("aaaü", 4, "aaa", false),
        ("\u{202E}", 4, "", false),
        ("", 0, "", true), ("a", 0, "", false),
    ])
    func `a cut falls between characters and between escapes`(
        text: String, limit: Int, expected: String, isWhole: Bool
    ) {
        var bytes: [UInt8] = []
        #expect(SafeText.append(text, limit: limit, to: &bytes) == isWhole)
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    @Test func `a second text is capped by its own length`() {
        var bytes = Array("NAME=".utf8)
        #expect(SafeText.append("abcd", limit: 4, to: &bytes))
        #expect(bytes == Array("NAME=abcd".utf8))
    }

    static let jwt =
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    @Test(arguments: [
        (jwt, "[redacted]"),
        ("bad token \(jwt).", "bad token [redacted]"),
        ("\"\(jwt)\"", "\"[redacted]\""),
        ("x-\(jwt)", "[redacted]"),
        // Cut short, unsigned, with a space in its header, encrypted (five parts).
        (String(jwt.prefix(40)), "[redacted]"),
        ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJib2IifQ.", "[redacted]"),
        ("ewogImFsZyI6ICJub25lIn0.eyJzdWIiOiJib2IifQ.", "[redacted]"),
        ("eyJhbGciOiJkaXIifQ..48V1_ALb6US04U3b.5eym8TW.XFBoMYUZodetZdvTiFvSkQ", "[redacted]"),
        // Three parts that are not JSON, but too mixed for a name.
        ("QmVsZnJ5.aG9sZHM.c2VjcmV0czE", "[redacted]"),
    ])
    func `what looks like a token is taken out wherever it stands`(text: String, expected: String) {
        #expect(SafeText.string(text) == expected)
    }

    @Test(arguments: [
        ("/connection/websocket?access_token=abc&x=1", "/connection/websocket?access_token=[redacted]&x=1"),
        ("token=s3cret", "token=[redacted]"),
        ("TOKEN=s3cret", "TOKEN=[redacted]"),
        ("a=1; jwt=zzz; b=2", "a=1; jwt=[redacted]; b=2"),
        ("{\"token\": \"abc\", \"n\": 1}", "{\"token\": \"[redacted]\", \"n\": 1}"),
        ("{\\\"jwt\\\":\\\"abc\\\"}", "{\\\\\"jwt\\\\\":\\\\\"[redacted]\"}"),
        ("access_token%3Dabc%26", "access_token%3D[redacted]"),
        ("Authorization: Bearer abcdefgh rest", "Authorization: [redacted] rest"),
        ("Bearer abcdefgh", "Bearer [redacted]"),
        ("password: hunter2", "password: [redacted]"),
        ("X-API-Key=k1", "X-API-Key=[redacted]"),
    ])
    func `what follows a key for secrets is taken out`(text: String, expected: String) {
        #expect(SafeText.string(text) == expected)
    }

    @Test(arguments: [
        "messaging.staging.example.com", "192.168.100.200", "client.personal_channel.enabled",
        "OpenSSL 3.0.17 1 Jul 2025", "token expired", "token=", "bearer of news",
        "2001:db8:1234:5678:9abc::1",
        "BelfryTLS.ContextError.badCertificate", "https://issuer.example.com/.well-known/jwks.json", "eyJ",
        "a.b.c",
        "secretary: present",
    ])
    func `names and prose stay as they are`(text: String) {
        #expect(SafeText.string(text) == text)
    }

    @Test(arguments: 0..<64)
    func `no text whatever leaves a control byte behind or grows without bound`(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let bytes = (0..<300).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let safe = Array(SafeText.string(String(decoding: bytes, as: UTF8.self), limit: 256).utf8)
        #expect(safe.count <= 256, "seed \(seed)")
        #expect(!safe.contains { $0 < 0x20 || $0 == 0x7F }, "seed \(seed)")
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
            (1_785_585_600, "2026-08-01T12:00:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "253402300800"), (Int64.max, "9223372036854775807"),
            (Int64.min, "-9223372036854775808"),
        ] as [(Int64, String)])
    func `a time is RFC 3339 in UTC, and a number where no year fits`(seconds: Int64, expected: String) {
        var bytes: [UInt8] = []
        UTCTime.append(seconds, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }
}

private struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
