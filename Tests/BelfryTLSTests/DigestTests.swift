import BelfryTLS
import Testing

@Suite struct DigestTests {
    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test func `SHA-1 makes the accept key of RFC 6455, 1-3`() {
        let input = Array("dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)
        #expect(hex(Probe.sha1(input)) == "b37a4f2cc0624f1690f64606cf385945b2bec4ea")
    }

    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ])
    func `SHA-256 vectors of FIPS 180`(text: String, expected: String) {
        #expect(hex(Probe.sha256(Array(text.utf8))) == expected)
    }

    @Test func `HMAC-SHA256 vectors of RFC 4231, 4-3, and the empty ones`() {
        let mac = Probe.hmacSHA256(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(hex(mac) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let empty: [UInt8] = []
        #expect(
            hex(Probe.hmacSHA256(empty, key: empty))
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test func `comparison tells equal from different`() {
        let (a, b, c): ([UInt8], [UInt8], [UInt8]) = ([1, 2], [1, 3], [1])
        #expect(Probe.isEqual(a, a))
        #expect(!Probe.isEqual(a, b))
        #expect(!Probe.isEqual(a, c))
        #expect(Probe.isEqual([UInt8](), [UInt8]()))
    }

    @Test func `random bytes have the length asked for and do not repeat`() {
        #expect(Random.bytes(0) == [])
        #expect(Random.bytes(-1) == [])
        #expect(Random.bytes(33).count == 33)
        #expect(Random.bytes(32) != Random.bytes(32))
    }

    @Test func `UUIDs have the form of version 4 and do not repeat`() {
        var source = UUIDSource()
        var seen: Set<String> = []
        for _ in 0..<200 {
            let text = source.next()
            let bytes = Array(text.utf8)
            #expect(bytes.count == 36)
            for index in [8, 13, 18, 23] { #expect(bytes[index] == UInt8(ascii: "-")) }
            #expect(bytes[14] == UInt8(ascii: "4"))
            #expect("89ab".utf8.contains(bytes[19]))
            #expect(text.allSatisfy { $0 == "-" || ($0.isHexDigit && !$0.isUppercase) })
            seen.insert(text)
        }
        #expect(seen.count == 200)
    }
}

/// `Digest` for arrays: a span does not pass through `#expect`.
private enum Probe {
    static func sha1(_ bytes: [UInt8]) -> [UInt8] { Digest.sha1(bytes.span) }
    static func sha256(_ bytes: [UInt8]) -> [UInt8] { Digest.sha256(bytes.span) }
    static func hmacSHA256(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        Digest.hmacSHA256(bytes.span, key: key.span)
    }
    static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool { Digest.isEqual(left.span, right.span) }
}
