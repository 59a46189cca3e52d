import Testing

@testable import BelfryObserve

@Suite("Metric labels")
struct MetricsLabelTests {
    @Test func `a label is its case in snake case`() {
        #expect(CloseReason.tooBig.label == "too_big")
        #expect(CloseReason.internal.label == "internal")
        #expect(UpgradeOutcome.subprotocol.label == "subprotocol")
        #expect(Glitch.truncatedTls.label == "truncated_tls")
        #expect(AuthFailure.notYet.label == "not_yet")
        #expect(HandshakeFailure(label: "client_alert_certificate") == .clientAlertCertificate)
        #expect(HandshakeFailure(label: "no such reason") == nil)
    }

    @Test(arguments: [
        (1000 as UInt16, CloseReason.normal), (1001, .normal), (1002, .protocolError), (1006, .lost),
        (1007, .protocolError),
        (1009, .tooBig), (1011, .internal), (2999, .protocolError), (3000, .normal), (3001, .shutdown),
        (3005, .expired),
        (3006, .expired), (3008, .slow), (3009, .slow), (3012, .noPong), (3013, .rate), (3500, .credentials),
        (3501, .protocolError), (3502, .stale), (3503, .forced), (3504, .limit), (3505, .limit),
        (3507, .credentials),
        (4000, .normal), (0, .protocolError),
    ])
    func `a close code has one reason`(code: UInt16, reason: CloseReason) {
        #expect(CloseReason(closeCode: code) == reason)
    }

    @Test(arguments: [(101 as UInt16, "101"), (426, "426"), (503, "503"), (418, "other"), (0, "other")])
    func `a status is one of the known codes or other`(status: UInt16, label: String) {
        #expect(HTTPCode(status: status).label == label)
    }

    @Test(arguments: [
        (0x1301 as UInt16, CipherLabel.aes128GCM), (0xC02F, .ecdheAES128GCM), (0xCCA9, .ecdheChacha20),
        (0x002F, .other),
    ])
    func `a suite is one of the known ciphers or other`(suite: UInt16, label: CipherLabel) {
        #expect(CipherLabel(suite: suite) == label)
    }

    @Test(arguments: [
        (107 as UInt32, MessageRejection.badRequest), (111, .rateLimited), (109, .credentials),
        (100, .internal), (400, .internal),
    ])
    func `an error code has one reason`(code: UInt32, reason: MessageRejection) {
        #expect(MessageRejection(errorCode: code) == reason)
    }

    @Test func `label sets have the sizes their families count on`() {
        #expect(CloseReason.allCases.count == 16)
        #expect(APICallResult.allCases.count == 2)
        #expect(RateDecision.allCases.count == 3)
        #expect(Flag.allCases.count == 2)
        #expect(HTTPCode.allCases.count == 12)
    }
}
