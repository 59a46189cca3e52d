import BelfryTLS
import COpenSSL
import Glibc
import Testing

/// Every way a handshake can fail gets its own label.
@Suite struct TLSFailureTests {
    @Test func `the label set of failed handshakes has fifteen members`() {
        #expect(TLSFailure.Reason.handshake.count == 15)
        #expect(!TLSFailure.Reason.handshake.contains(.keyUpdateFlood))
    }

    @Test(arguments: [
        (
            ClientOffer(minVersion: TLS1_1_VERSION, maxVersion: TLS1_1_VERSION),
            TLSFailure.Reason.noSharedVersion, 70
        ),
        (ClientOffer(minVersion: TLS1_VERSION, maxVersion: TLS1_VERSION), .noSharedVersion, 70),
        (ClientOffer(maxVersion: TLS1_2_VERSION, ciphers: "ECDHE-RSA-AES128-SHA256"), .noSharedCipher, 40),
        (ClientOffer(maxVersion: TLS1_2_VERSION, ciphers: "DHE-RSA-AES128-GCM-SHA256"), .noSharedCipher, 40),
        (ClientOffer(maxVersion: TLS1_2_VERSION, ciphers: "AES128-GCM-SHA256"), .noSharedCipher, 40),
        (ClientOffer(minVersion: TLS1_3_VERSION, signatures: "ecdsa_secp384r1_sha384"), .noSharedCipher, 40),
        (ClientOffer(minVersion: TLS1_3_VERSION, groups: "P-521"), .noSharedGroup, 40),
        (ClientOffer(minVersion: TLS1_3_VERSION, groups: "X448"), .noSharedGroup, 40),
        (ClientOffer(protocols: ["h2"]), .alpn, 120),
        (ClientOffer(maxVersion: TLS1_2_VERSION, protocols: ["h2", "http/1.0"]), .alpn, 120),
    ])
    func `a client we cannot agree with gets the right alert and label`(
        offer: ClientOffer, reason: TLSFailure.Reason, alert: Int
    ) {
        let failure = TestLoop().connect(offer).shakeHands().failure
        #expect(failure?.reason == reason)
        #expect(failure?.alertSent?.rawValue == UInt8(alert))
        #expect(failure?.alertReceived == nil)
        #expect(failure?.detail != "unknown")
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `a client that does not trust us is told apart`(version: Int32) {
        let offer = ClientOffer(
            minVersion: version, maxVersion: version, trustedFile: TestCertificates.stranger)
        let conversation = TestLoop().connect(offer)
        var failure = conversation.shakeHands().failure
        // In TLS 1.3 the client may speak before it has judged us: the alert then meets the open session.
        if failure == nil { failure = conversation.read().end.failure }
        #expect(failure?.reason == .clientAlertCertificate)
        #expect(failure?.alertReceived?.description == "unknown_ca")
        #expect(failure?.alertSent == nil)
    }

    @Test func `another alert of the client is told apart`() {
        let conversation = TestLoop().connect()
        conversation.client.handshake()
        conversation.clientSpeaks()
        #expect(conversation.serverStep() == .needsRead)
        conversation.wire.toServer += TLSAlert(rawValue: 80).record
        let failure = conversation.serverStep().failure
        #expect(failure?.reason == .clientAlertOther)
        #expect(failure?.alertReceived?.description == "internal_error")
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n\r\n", "POST", "OPTIONS *", "PRI * HTTP/2.0"])
    func `clear text is answered in clear text`(request: String) {
        let conversation = TestLoop().connect()
        conversation.wire.toServer = Array(request.utf8)
        #expect(conversation.serverStep().failure?.reason == .plaintext)
        #expect(String(decoding: conversation.wire.toClient, as: UTF8.self).hasPrefix("HTTP/1.1 400 "))
    }

    @Test func `an SSL 2 hello gets protocol_version`() {
        let conversation = TestLoop().connect()
        conversation.wire.toServer = [0x80, 0x2E, 0x01, 0x00, 0x02, 0x00]
        #expect(conversation.serverStep().failure?.reason == .noSharedVersion)
        #expect(conversation.wire.toClient == [21, 3, 3, 0, 2, 2, 70])
    }

    @Test func `garbage is a bad record`() {
        let conversation = TestLoop().connect()
        conversation.wire.toServer = [0xFF, 0x00, 0x00]
        #expect(conversation.serverStep().failure?.reason == .badRecord)
        #expect(conversation.wire.toClient == [])
    }

    @Test func `a hello announced too long is oversize`() {
        let conversation = TestLoop().connect()
        conversation.wire.toServer = [22, 3, 1, 0x40, 0, 1, 0, 0x40, 0]
        #expect(conversation.serverStep().failure?.reason == .oversizeHello)
    }

    @Test func `a hello that contradicts itself is OpenSSL's to answer`() {
        let conversation = TestLoop().connect()
        conversation.client.handshake()
        var hello = conversation.client.takeOutput()
        hello[43] = 33  // a session id of 33 bytes
        conversation.wire.toServer = hello
        let failure = conversation.serverStep().failure
        #expect(failure?.reason == .badRecord)
        #expect(failure?.alertSent?.description == "decode_error")
    }

    @Test func `a flipped bit in the client's Finished is a bad record`() {
        let conversation = TestLoop().connect()
        conversation.client.handshake()
        conversation.clientSpeaks()
        _ = conversation.serverStep()
        conversation.clientListens()
        conversation.client.handshake()
        var flight = conversation.client.takeOutput()
        flight[flight.count - 1] ^= 1
        conversation.wire.toServer = flight
        let failure = conversation.serverStep().failure
        #expect(failure?.reason == .badRecord)
        #expect(failure?.alertSent?.description == "bad_record_mac")
    }

    @Test func `a peer that goes away in the middle is closed`() {
        for (error, systemError) in [(nil, Int32(0)), (Int(ECONNRESET), ECONNRESET)] {
            let conversation = TestLoop().connect()
            conversation.client.handshake()
            conversation.clientSpeaks()
            #expect(conversation.serverStep() == .needsRead)
            conversation.wire.isEnded = true
            conversation.wire.error = error
            let expected = HandshakeStep.failed(TLSFailure(.closed, systemError: systemError))
            #expect(conversation.serverStep() == expected)
            #expect(conversation.serverStep() == expected, "a failure is final")
        }
    }

    @Test func `a peer that goes away before the hello is closed`() {
        let conversation = TestLoop().connect()
        conversation.wire.isEnded = true
        #expect(conversation.serverStep().failure?.reason == .closed)
    }

    @Test func `a read before the handshake is our mistake`() {
        let conversation = TestLoop().connect()
        conversation.client.handshake()
        conversation.clientSpeaks()
        _ = conversation.serverStep()
        #expect(conversation.read().end.failure?.reason == .internal)
        #expect(TLSFailure.timedOut.reason == .timeout)
    }

    @Test func `the error of one session never reaches another`() {
        let loop = TestLoop()
        let good = loop.connect()
        let other = loop.connect(ClientOffer(protocols: ["h2"]))
        #expect(good.shakeHands().summary != nil)
        // Left in the thread's queue by some code of ours that forgot to look.
        #expect(unsafe BIO_new_file("/nowhere/at/all", "r") == nil)
        #expect(ERR_peek_error() != 0)
        #expect(good.read().end == .needsRead)
        #expect(other.shakeHands().failure?.reason == .alpn)
        good.client.send([1, 2, 3])
        good.clientSpeaks()
        #expect(good.read().bytes == [1, 2, 3])
        #expect(good.write([4]).written == 1)
    }

    @Test func `all alerts have a name and unknown ones a number`() {
        #expect(TLSAlert(rawValue: 120).description == "no_application_protocol")
        #expect(TLSAlert(rawValue: 201).description == "alert_201")
    }
}
