import BelfryWebSocket
import Testing

@Suite("Frames of the server (RFC 6455, section 5.2)")
struct FrameEncoderTests {
    @Test(
        "the length takes the shortest form",
        arguments: [
            (0, [0x81, 0x00]), (1, [0x81, 0x01]), (125, [0x81, 0x7D]), (126, [0x81, 0x7E, 0x00, 0x7E]),
            (127, [0x81, 0x7E, 0x00, 0x7F]), (65_535, [0x81, 0x7E, 0xFF, 0xFF]),
            (65_536, [0x81, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]), (65_537, [0x81, 0x7F, 0, 0, 0, 0, 0, 1, 0, 1]),
        ] as [(Int, [UInt8])])
    func headers(byteCount: Int, header: [UInt8]) {
        let payload = [UInt8](repeating: 0x2E, count: byteCount)
        let frame = FrameEncoder.frame(opcode: .text, payload: payload.span)
        #expect(frame == header + payload)
        #expect(FrameEncoder.headerByteCount(payloadByteCount: byteCount) == header.count)
    }

    @Test func `frames are appended behind what is there, unmasked`() {
        var output: [UInt8] = [0xAA]
        FrameEncoder.append(opcode: .pong, payload: [1, 2, 3].span, to: &output)
        FrameEncoder.append(opcode: .binary, payload: [4].span, to: &output)
        #expect(output == [0xAA, 0x8A, 0x03, 1, 2, 3, 0x82, 0x01, 4])
    }

    @Test func `a reason is cut to 123 bytes between two scalars`() {
        let exact = String(repeating: "x", count: 123)
        #expect(
            FrameEncoder.closeFrame(.goingAway, reason: exact) == [0x88, 125, 0x03, 0xE9] + Array(exact.utf8))
        #expect(FrameEncoder.closeFrame(.goingAway, reason: exact + "y").count == 127)
        let euros = FrameEncoder.closeFrame(.normal, reason: String(repeating: "x", count: 121) + "€€")
        #expect(euros.count == 4 + 121)
        let twoLeft = FrameEncoder.closeFrame(.normal, reason: String(repeating: "x", count: 121) + "üü")
        #expect(twoLeft.count == 4 + 123)
    }

    @Test func `what the encoder writes, masked, is what the decoder reads`() {
        for byteCount in [0, 125, 126, 65_536] {
            let payload = [UInt8](repeating: 0x2E, count: byteCount)
            var frame = FrameEncoder.frame(opcode: .binary, payload: payload.span)
            // A key of zeros makes a client frame of it.
            frame[1] |= 0x80
            frame.insert(contentsOf: [0, 0, 0, 0], at: frame.count - byteCount)
            #expect(hear([frame]) == [.message(.binary, payload)])
        }
    }
}
