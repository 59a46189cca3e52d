import BelfryBytes
import BelfryTLS
import COpenSSL
import Glibc
import Testing

@Suite struct HandshakeTests {
    @Test(arguments: [(TLS1_2_VERSION, TLSVersion.tls1_2), (TLS1_3_VERSION, .tls1_3)])
    func `both versions are served`(version: Int32, expected: TLSVersion) throws {
        let conversation = TestLoop().connect(ClientOffer(minVersion: version, maxVersion: version))
        let summary = try #require(conversation.shakeHands().summary)
        #expect(summary.version == expected)
        #expect(summary.group == .x25519)
        #expect(!summary.isResumed)
        #expect(summary.serverName == "localhost")
        #expect(summary.applicationProtocol == .http1_1)
        #expect(summary.cipher != .other)
    }

    @Test func `the client's certificate authority vouches for the leaf`() {
        let offer = ClientOffer(trustedFile: TestCertificates.path("ca.pem"))
        #expect(TestLoop().connect(offer).shakeHands().summary != nil)
    }

    @Test(arguments: [
        ("ECDHE-ECDSA-AES128-GCM-SHA256", TLSCipher.ecdsaAES128GCM),
        ("ECDHE-ECDSA-AES256-GCM-SHA384", .ecdsaAES256GCM),
        ("ECDHE-ECDSA-CHACHA20-POLY1305", .ecdsaChaCha20),
        ("ECDHE-RSA-AES128-GCM-SHA256", .rsaAES128GCM),
        ("ECDHE-RSA-AES256-GCM-SHA384", .rsaAES256GCM),
        ("ECDHE-RSA-CHACHA20-POLY1305", .rsaChaCha20),
    ])
    func `each of the six TLS 1.2 suites works, and picks its certificate`(name: String, cipher: TLSCipher)
        throws
    {
        let conversation = TestLoop().connect(ClientOffer(maxVersion: TLS1_2_VERSION, ciphers: name))
        #expect(try #require(conversation.shakeHands().summary).cipher == cipher)
    }

    @Test func `in TLS 1.3 the signature algorithms pick the certificate`() throws {
        for (signatures, isRSA) in [("ecdsa_secp256r1_sha256", false), ("rsa_pss_rsae_sha256", true)] {
            let conversation = TestLoop().connect(
                ClientOffer(minVersion: TLS1_3_VERSION, signatures: signatures))
            #expect(conversation.shakeHands().summary != nil)
            #expect(conversation.client.peerKeyIsRSA == isRSA)
        }
    }

    @Test(arguments: [("P-256", TLSGroup.p256), ("P-384", .p384), ("X25519", .x25519)])
    func `each group works, with a second hello where the first guessed wrong`(name: String, group: TLSGroup)
        throws
    {
        for version in [TLS1_2_VERSION, TLS1_3_VERSION] {
            let offer = ClientOffer(minVersion: version, maxVersion: version, groups: name)
            #expect(try #require(TestLoop().connect(offer).shakeHands().summary).group == group)
        }
        let guess = ClientOffer(groups: "P-521:" + name)
        #expect(try #require(TestLoop().connect(guess).shakeHands().summary).group == group)
    }

    @Test func `a client that offers no ALPN is welcome`() throws {
        let conversation = TestLoop().connect(ClientOffer(protocols: []))
        #expect(try #require(conversation.shakeHands().summary).applicationProtocol == nil)
    }

    @Test func `http-1-1 is found behind other protocols`() throws {
        let conversation = TestLoop().connect(ClientOffer(protocols: ["h2", "http/1.0", "http/1.1"]))
        #expect(try #require(conversation.shakeHands().summary).applicationProtocol == .http1_1)
    }

    @Test func `TLS 1.3 only means that`() {
        let loop = TestLoop(TestCertificates.both, TLSSettings(minVersion: .tls1_3))
        #expect(loop.connect().shakeHands().summary?.version == .tls1_3)
        let failure = loop.connect(ClientOffer(maxVersion: TLS1_2_VERSION)).shakeHands().failure
        #expect(failure?.reason == .noSharedVersion)
    }

    @Test(arguments: [1, 2, 5, 77])
    func `a handshake in small pieces works`(piece: Int) {
        for version in [TLS1_2_VERSION, TLS1_3_VERSION] {
            let conversation = TestLoop().connect(ClientOffer(minVersion: version, maxVersion: version))
            conversation.wire.receiveMax = piece
            #expect(conversation.shakeHands().summary != nil)
        }
    }

    @Test func `a handshake against a send buffer of one byte works`() {
        let conversation = TestLoop().connect()
        conversation.wire.sendMax = 1
        #expect(conversation.shakeHands().summary != nil)
    }

    @Test func `no SSL object exists before the hello is whole`() {
        let conversation = TestLoop().connect()
        conversation.client.handshake()
        let hello = conversation.client.takeOutput()
        conversation.wire.toServer = Array(hello.dropLast())
        #expect(conversation.serverStep() == .needsRead)
        #expect(!conversation.hasSession)
        #expect(conversation.gate.byteCount == hello.count - 1)
    }

    @Test func `a transport on real sockets serves a real handshake`() throws {
        var ends: [Int32] = [-1, -1]
        try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let transport = unsafe TLSTransport()
        let context = TestLoop.makeContext(TestCertificates.both, TLSSettings(), TicketKeys())
        var session = try TLSSession(context: context, transport: transport)
        let client = TestClient()
        var done = false
        for _ in 0..<10 where !done {
            client.handshake()
            let output = client.takeOutput()
            if !output.isEmpty {
                #expect(unsafe belfry_send(ends[1], output, output.count, false) == output.count)
            }
            transport.beginTurn(at: .init(nanoseconds: 1))
            if case .done = session.handshake(on: ends[0]) { done = true }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe belfry_receive(ends[1], &buffer, buffer.count)
            if count > 0 { client.feed(Array(buffer[0..<count])) }
        }
        #expect(done)
        #expect(transport.bytesReceived > 0 && transport.bytesSent > 0)
        // A peer that resets must not kill us with SIGPIPE.
        close(ends[1])
        var step = session.write([1, 2, 3], from: 0, on: ends[0])
        if case .progressed = step { step = session.write([1, 2, 3], from: 0, on: ends[0]) }
        #expect(step.failure?.reason == .closed)
        close(ends[0])
    }
}

extension TLSStep {
    var failure: TLSFailure? { if case .failed(let failure) = self { failure } else { nil } }
}

extension TestClient {
    var peerKeyIsRSA: Bool {
        let certificate = unsafe SSL_get0_peer_certificate(ssl)
        return unsafe EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)) == EVP_PKEY_RSA
    }
}

extension TestClient {
    var chainLength: Int32 { unsafe OPENSSL_sk_num(SSL_get_peer_cert_chain(ssl)) }
}
