import Testing

@testable import BelfryObserve

/// Goal: the short ways that `SafeText` and `Redaction` take change no byte.
///
/// Method: texts put together at random from pieces that come close to a secret, an escape or a limit, each
/// written by the quick way and by the plain one.
@Suite struct SafeTextTrialTests {
    private static let pieces = [
        "eyJ", "eyA", "ewo", "ew0", "ewk", "ey", "hbGciOiJIUzI1NiJ9", "dBjftJeZ4CVPmB92K27uhbUJU", ".",
        "..", "a", "aaaaaaa", "aaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaa", "A1", "client", "session",
        "192.168.100.200", "token", "TOKEN", "access_token", "jwt", "JwT", "secret", "password", "passwd",
        "Authorization", "api_key", "api-key", "apikey", "API\u{7F}KEY", "bearer", "Bearer", "basic",
        "xbearer", "secretary", "=", ":", " ", "\"", "'", "\\", "%3D", "%3d", "%3A", "%3a", "%22", "%20",
        "%", ",", ";", "&", "/", "?", "\n", "\r", "\t", "\u{0}", "\u{1B}", "\u{7F}", "\u{85}", "\u{202E}",
        "\u{200F}", "\u{2066}", "é", "İ", "🔔", "\u{FFFD}", "[", "]", "@", "`", "{", "~", "x1", "12345678",
        "1234567", "-", "_",
    ]

    private static let limits = [0, 1, 7, 8, 19, 20, 40, 256, 2048]

    private func agree(_ text: String, limit: Int) -> Bool {
        var quick = Array("FIELD=".utf8)
        var plain = quick
        let isWhole = SafeText.append(text, limit: limit, to: &quick)
        return isWhole == PlainText.append(text, limit: limit, to: &plain) && quick == plain
    }

    @Test(arguments: 1...64 as ClosedRange<UInt64>)
    func `texts near a secret, an escape or a limit come out the same both ways`(seed: UInt64) {
        var random = SeededRandom(state: seed)
        for _ in 0..<500 {
            let count = Int.random(in: 0...9, using: &random)
            let text = (0..<count).compactMap { _ in Self.pieces.randomElement(using: &random) }.joined()
            let limit = Self.limits.randomElement(using: &random) ?? 0
            #expect(agree(text, limit: limit), "seed \(seed), limit \(limit): \(text.debugDescription)")
        }
    }

    @Test(arguments: 1...32 as ClosedRange<UInt64>)
    func `bytes at random come out the same both ways`(seed: UInt64) {
        var random = SeededRandom(state: seed)
        for _ in 0..<100 {
            let bytes = (0..<Int.random(in: 0...600, using: &random)).map { _ in
                UInt8.random(in: seed.isMultiple(of: 2) ? 0...255 : 0x20...0x7F, using: &random)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(agree(text, limit: 256), "seed \(seed): \(bytes)")
        }
    }

    @Test(arguments: [255, 256, 257, 8192, 100_000])
    func `a long text comes out the same both ways`(length: Int) {
        for unit in ["x", "é", "\n", "eyJ.", "token=", "\\"] {
            let text = String(String(repeating: unit, count: length).unicodeScalars.prefix(length))
            #expect(agree(text, limit: 256), "\(unit)")
            #expect(agree(text, limit: 2048), "\(unit)")
        }
    }

    /// A key that the quick look at its last letters does not know would let its secret through.
    @Test(arguments: Redaction.keys + ["bearer"])
    func `every key is known by its last letters`(key: String) {
        for word in [key, key.uppercased()] {
            let isKey = Redaction.isKey(word.utf8.span)
            #expect(isKey, "\(word)")
        }
        let isEnding = Redaction.isKey("my_\(key)".utf8.span)
        #expect(isEnding == (key != "bearer"))
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, .max - 1, .max] as [UInt64])
    func `a number has the digits that Swift gives it`(number: UInt64) {
        var bytes: [UInt8] = []
        bytes.append(decimal: number)
        bytes.append(decimal: Int64(bitPattern: number))
        bytes.append(decimal: -Int64(clamping: number))
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "\(number)\(Int64(bitPattern: number))\(-Int64(clamping: number))")
    }
}
