import BelfryTLS
import Testing

@Suite struct ClientHelloTests {
    private func parse(_ body: [UInt8]) -> ClientHello { ClientHello(parsing: body.span, in: 0..<body.count) }

    private func sha256(_ bytes: [UInt8]) -> [UInt8] { Digest.sha256(bytes.span) }

    /// The worked example of FoxIO's JA4.md, a Chrome, with GREASE and the order of the wire shuffled as Chrome does.
    private var chrome: HelloBytes {
        var hello = HelloBytes()
        hello.suites = [
            0x6A6A, 0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014,
            0x009C,
            0x009D, 0x002F, 0x0035,
        ]
        let signatures: [UInt16] = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601]
        hello.extensions = [
            (0x5A5A, []), (0x001B, [2, 0, 2]), HelloBytes.serverName(Array("Example.COM".utf8)),
            (0x0033, []), HelloBytes.protocols(["h2", "http/1.1"]), (0x4469, []), (0x0017, []),
            (0x002D, [1, 1]),
            (0x000D, HelloBytes.vector(HelloBytes.words(signatures))), (0x0005, [1, 0, 0, 0, 0]),
            (0x0023, []),
            (0x0012, []), (0x002B, [6] + HelloBytes.words([0x3A3A, 0x0304, 0x0303])), (0xFF01, [0]),
            (0x000B, [1, 0]),
            (0x000A, HelloBytes.vector(HelloBytes.words([0x2A2A, 0x001D, 0x0017, 0x0018]))), (0x0015, [0]),
        ]
        return hello
    }

    @Test func `JA4 of the published example`() {
        #expect(parse(chrome.body).ja4(sha256: sha256) == "t13d1516h2_8daaf6152771_e5627efa2ab1")
    }

    @Test func `fields are read as sent`() {
        let hello = parse(chrome.body)
        #expect(hello.isWellFormed)
        #expect(hello.legacyVersion == 0x0303)
        #expect(hello.offeredMaxVersion == 0x0304)
        #expect(hello.supportedVersions == [0x3A3A, 0x0304, 0x0303])
        #expect(hello.serverName == "example.com")
        #expect(hello.applicationProtocols == [Array("h2".utf8), Array("http/1.1".utf8)])
        #expect(hello.groups == [0x2A2A, 0x001D, 0x0017, 0x0018])
        #expect(hello.signatureAlgorithms.count == 8)
        #expect(hello.extensions.count == 17)
        #expect(hello.legacyOffer == nil)
    }

    @Test func `JA4 without extensions, and with an odd ALPN`() {
        var bare = HelloBytes()
        #expect(parse(bare.body).ja4(sha256: sha256).hasPrefix("t12i010000_"))
        #expect(parse(bare.body).ja4(sha256: sha256).hasSuffix("_000000000000"))
        bare.suites = []
        bare.extensions = [HelloBytes.protocols(["\u{1}\u{7F}"])]
        #expect(parse(bare.body).ja4(sha256: sha256) == "t12i00010f_000000000000_000000000000")
        bare.extensions = [HelloBytes.protocols(["x"])]
        #expect(parse(bare.body).ja4(sha256: sha256) == "t12i0001xx_000000000000_000000000000")
    }

    @Test func `JA4 counts stop at 99`() {
        var hello = HelloBytes()
        hello.suites = (0..<150).map { 0x1000 + UInt16($0) }
        hello.extensions = (0..<120).map { (UInt16(0x2000 + $0), []) }
        #expect(parse(hello.body).ja4(sha256: sha256).hasPrefix("t12i999900_"))
    }

    @Test(arguments: [
        (UInt16(0x0300), ClientHello.LegacyOffer?.some(.ssl3), "s3"), (0x0002, .ssl3, "s2"),
        (0x0301, .tls1_0, "10"),
        (0x0302, .tls1_1, "11"), (0x0303, nil, "12"),
    ])
    func `old versions are named`(version: UInt16, offer: ClientHello.LegacyOffer?, code: String) {
        let hello = parse(HelloBytes(legacyVersion: version, suites: [0xC02B]).body)
        #expect(hello.legacyOffer == offer)
        #expect(hello.ja4(sha256: sha256).dropFirst().prefix(2) == code)
    }

    @Test(arguments: [
        ([UInt16(0xC013), 0x002F], ClientHello.LegacyOffer?.some(.onlyCBC)), ([0xC013, 0x009C], nil),
        ([0xCCA8], nil),
        ([0xC09C], nil), ([], .onlyCBC),
    ])
    func `TLS 1.2 without an AEAD suite is named`(suites: [UInt16], offer: ClientHello.LegacyOffer?) {
        #expect(parse(HelloBytes(suites: suites).body).legacyOffer == offer)
    }

    @Test(arguments: [
        ("a.test", String?.some("a.test")), ("A-1_b.TEST", "a-1_b.test"), ("", nil), ("a b", nil),
        ("a\0b", nil),
        ("a\nb", nil), ("ü.test", nil),
        (String(repeating: "a", count: 253), String(repeating: "a", count: 253)),
        (String(repeating: "a", count: 254), nil),
    ])
    func `a server name is a host name or nothing`(name: String, expected: String?) {
        let hello = parse(HelloBytes(extensions: [HelloBytes.serverName(Array(name.utf8))]).body)
        #expect(hello.serverName == expected)
        #expect(hello.isWellFormed)
    }

    @Test func `a remembered fingerprint is the one that would be made anew`() {
        var memo = FingerprintMemo()
        var made = 0
        let body = chrome.body
        for index in body.indices {
            for value in [body[index], UInt8(0), 0x7F] {
                var mutated = body
                mutated[index] = value
                let hello = parse(mutated)
                let remembered = memo.ja4(of: hello) {
                    made += 1
                    return sha256($0)
                }
                #expect(remembered == hello.ja4(sha256: sha256))
            }
        }
        #expect(made > 0)
        made = 0
        for _ in 0..<3 {
            _ = memo.ja4(of: parse(body)) {
                made += 1
                return sha256($0)
            }
        }
        #expect(made <= 2, "like the one before: nothing is hashed")
    }

    @Test func `every cut of a hello is survived, and only the whole one is well formed`() {
        let body = chrome.body
        let withoutExtensions = 2 + 32 + 1 + 2 + 32 + 2
        for count in 0..<body.count {
            let isWhole = parse(Array(body[0..<count])).isWellFormed
            #expect(isWhole == (count == withoutExtensions))
        }
        #expect(!parse(body + [0]).isWellFormed)
    }

    @Test func `every changed byte of a hello is survived`() {
        let body = chrome.body
        for index in body.indices {
            for value in [UInt8(0), 1, 0x7F, 0x80, 0xFF] {
                var mutated = body
                mutated[index] = value
                #expect(parse(mutated).ja4(sha256: { _ in [0, 0, 0, 0, 0, 0] }).utf8.count == 36)
            }
        }
    }

    @Test func `the hello of a real client is read`() throws {
        let conversation = TestLoop().connect(ClientOffer(groups: "X25519:P-256"))
        try #require(conversation.shakeHands().summary != nil)
        let hello = try #require(conversation.hello)
        #expect(hello.isWellFormed)
        #expect(hello.groups == [29, 23])
        #expect(hello.serverName == "localhost")
        #expect(hello.ja4(sha256: sha256).hasPrefix("t13d"))
    }
}
