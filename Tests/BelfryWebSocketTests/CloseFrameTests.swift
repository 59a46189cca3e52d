import BelfryWebSocket
import Testing

@Suite("Close frames (RFC 6455, sections 5.5.1 and 7.4)")
struct CloseFrameTests {
    private func body(_ code: UInt16, _ reason: [UInt8] = []) -> [UInt8] {
        [UInt8(code >> 8), UInt8(code & 0xFF)] + reason
    }

    @Test func `all 65,536 codes are accepted or refused as the registry says`() {
        for code in UInt16.min ... .max {
            let isValid =
                (1000...1003).contains(code) || (1007...1014).contains(code) || (3000...4999).contains(code)
            let expected: Heard =
                isValid
                ? .close(CloseFrame(code: CloseCode(rawValue: code))) : .error(.invalidCloseCode(code))
            guard hear([ClientFrame(.close, body(code)).bytes]) == [expected] else {
                Issue.record("\(code)")
                return
            }
        }
    }

    @Test func `an empty body says nothing, one byte is half a code`() {
        #expect(hear([ClientFrame(.close).bytes]) == [.close(nil)])
        #expect(hear([ClientFrame(.close, [3]).bytes]) == [.error(.closePayloadOfOneByte)])
        #expect(FrameError.closePayloadOfOneByte.closeCode == .protocolError)
    }

    @Test func `the reason is UTF-8 (Autobahn 7.5.1)`() {
        let frame = CloseFrame(code: .normal, reason: "Tschüß")
        #expect(hear([ClientFrame(.close, body(1000, Array("Tschüß".utf8))).bytes]) == [.close(frame)])
        #expect(hear([ClientFrame(.close, body(1000, [0xCE, 0xFF])).bytes]) == [.error(.invalidUTF8)])
        #expect(hear([ClientFrame(.close, body(1000, [0xCE])).bytes]) == [.error(.invalidUTF8)])
    }

    @Test func `the echo carries the same code, or nothing for nothing`() {
        #expect(CloseFrame.echo(nil) == [0x88, 0x00])
        #expect(CloseFrame.echo(CloseFrame(code: .normal, reason: "bye")) == [0x88, 0x02, 0x03, 0xE8])
        #expect(CloseFrame.echo(CloseFrame(code: CloseCode(rawValue: 3001))) == [0x88, 0x02, 0x0B, 0xB9])
    }
}
