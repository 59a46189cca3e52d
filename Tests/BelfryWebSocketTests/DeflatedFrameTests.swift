import BelfryWebSocket
import Testing

@Suite("Compressed messages on the wire (RFC 7692, section 6)")
struct DeflatedFrameTests {
    private static let bits: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]

    @Test("RSV1 begins a compressed message, text or binary", arguments: [Opcode.text, .binary])
    func whole(opcode: Opcode) {
        let stream = ClientFrame(opcode, Self.bits).deflated.bytes + ClientFrame(opcode, "plain").bytes
        let heard = hear([stream], allowsDeflate: true)
        #expect(heard == [.deflated(opcode, Self.bits), .message(opcode, Array("plain".utf8))])
        #expect(hear(stream.map { [$0] }, allowsDeflate: true) == heard)
    }

    @Test func `only the first fragment carries RSV1, and control frames may stand between`() {
        let pieces = [
            ClientFrame(.text, [0xF2, 0x48], fin: false).deflated, ClientFrame(.ping, "?"),
            ClientFrame(.continuation, [0xCD, 0xC9, 0xC9], fin: false),
            ClientFrame(.continuation, [0x07, 0x00]),
        ]
        let heard = hear(pieces.map(\.bytes), allowsDeflate: true)
        #expect(heard == [.ping(Array("?".utf8)), .deflated(.text, Self.bits)])
    }

    @Test func `a plain message behind a compressed one is checked for UTF-8 again`() {
        let stream = ClientFrame(.text, Self.bits).deflated.bytes + ClientFrame(.text, [0xFF]).bytes
        #expect(
            hear([stream], allowsDeflate: true) == [.deflated(.text, Self.bits), .error(.invalidUTF8)])
    }

    @Test("without an agreement RSV1 is a reserved bit", arguments: Opcode.allCases)
    func notAgreed(opcode: Opcode) {
        #expect(hear([ClientFrame(opcode, Self.bits).deflated.bytes]) == [.error(.reservedBits(4))])
    }

    @Test(
        "with one, it still is on control frames and continuations",
        arguments: [Opcode.ping, .pong, .close, .continuation])
    func misplaced(opcode: Opcode) {
        let start = opcode == .continuation ? ClientFrame(.text, [0xF2], fin: false).deflated.bytes : []
        let heard = hear([start + ClientFrame(opcode, [0x03, 0xE8]).deflated.bytes], allowsDeflate: true)
        #expect(heard == [.error(.reservedBits(4))])
        #expect(FrameError.reservedBits(4).closeCode == .protocolError)
    }

    @Test("RSV2 and RSV3 stay reserved", arguments: [0x10, 0x20, 0x30, 0x50, 0x60, 0x70] as [UInt8])
    func otherBits(bits: UInt8) {
        var frame = ClientFrame(.text, "x")
        frame.first |= bits
        #expect(hear([frame.bytes], allowsDeflate: true) == [.error(.reservedBits(bits >> 4))])
    }

    @Test func `a compressed message may take an eighth more than the limit, and no byte beyond`() {
        let limits = FrameLimits(messageBytes: 1_024, fragments: 16)
        #expect(limits.deflatedBytes == 1_216)
        let most = Array(repeating: 0x55 as UInt8, count: 1_216)
        #expect(
            hear([ClientFrame(.binary, most).deflated.bytes], limits: limits, allowsDeflate: true)
                == [.deflated(.binary, most)])
        let over = [
            ClientFrame(.binary, most, fin: false).deflated.bytes, ClientFrame(.continuation, [1]).bytes,
        ]
        #expect(
            hear(over, limits: limits, allowsDeflate: true) == [
                .error(.messageTooLong(byteCount: 1_217, limit: 1_216))
            ])
        #expect(
            hear([ClientFrame(.binary, Array(most[...1_024])).bytes], limits: limits, allowsDeflate: true)
                == [
                    .error(.messageTooLong(byteCount: 1_025, limit: 1_024))
                ])
    }

    @Test func `a stream without an end is held up to the limit, in fragments too`() {
        let limits = FrameLimits(messageBytes: 1_024, fragments: 4_096)
        let listener = Listener(limits: limits, allowsDeflate: true)
        var heard = listener.hear(ClientFrame(.text, [0], fin: false).deflated.bytes)
        var sent = 1
        while heard.isEmpty, sent < 10_000 {
            heard = listener.hear(ClientFrame(.continuation, [0], fin: false).bytes)
            sent += 1
            #expect(listener.heldByteCount <= 4_096)
        }
        #expect(heard == [.error(.messageTooLong(byteCount: 1_217, limit: 1_216))])
        #expect(listener.heldByteCount == 0)
    }

    @Test func `nothing is read once a message has been found bad`() {
        let listener = Listener(limits: .small, allowsDeflate: true)
        #expect(listener.hear(ClientFrame(.text, [0x07]).deflated.bytes) == [.deflated(.text, [0x07])])
        listener.abandon()
        #expect(listener.isClosed)
        #expect(listener.hear(ClientFrame(.text, "more").bytes) == [])
        #expect(FrameError.invalidDeflate.closeCode == .invalidPayload)
    }

    @Test(
        "the payload of a frame is found behind each length form", arguments: [0, 125, 126, 65_535, 65_536])
    func payloadRange(byteCount: Int) {
        let payload = Array(repeating: 0x2A as UInt8, count: byteCount)
        let frame = FrameEncoder.frame(opcode: .binary, payload: payload.span)
        #expect(Array(frame[FrameEncoder.payloadRange(of: frame.span)]) == payload)
        let deflated = FrameEncoder.deflatedFrame(opcode: .binary, payload: payload.span)
        #expect(deflated[0] == 0xC2)
        #expect(deflated.dropFirst() == frame.dropFirst())
    }
}
