import BelfryWebSocket
import Testing

@Suite("Violations (RFC 6455, sections 5 and 7)")
struct FrameViolationTests {
    /// What the RFC says about the first two bytes of a connection, written down a second time.
    private func expected(_ first: UInt8, _ second: UInt8) -> FrameError? {
        let opcode = first & 0x0F
        if first & 0x70 != 0 { return .reservedBits((first >> 4) & 7) }
        guard let known = Opcode(rawValue: opcode) else { return .reservedOpcode(opcode) }
        if second < 0x80 { return .unmasked }
        if opcode >= 8, first < 0x80 { return .fragmentedControl(known) }
        if opcode >= 8, second > 0x80 + 125 { return .controlTooLong(known) }
        return nil
    }

    @Test func `all 65,536 first two bytes end as the RFC says`() {
        for first in UInt8.min ... .max {
            for second in UInt8.min ... .max {
                let heard = hear([[first, second]])
                guard heard == expected(first, second).map({ [.error($0)] }) ?? [] else {
                    Issue.record("\(first) \(second): \(heard)")
                    return
                }
                // With a key and 130 bytes behind it: an event or an error, never a trap.
                _ = hear([[first, second] + [UInt8](repeating: 0, count: 134)])
            }
        }
    }

    @Test func `every header violation closes with 1002`() {
        for first in UInt8.min ... .max {
            for second: UInt8 in [0x00, 0x7F, 0x80, 0xFE, 0xFF] {
                guard let error = expected(first, second) else { continue }
                #expect(error.closeCode == .protocolError)
            }
        }
    }

    @Test("lengths around every power of two, in both long forms", arguments: 0...63)
    func powersOfTwo(exponent: UInt64) {
        let power = UInt64(1) << exponent
        for length in [power - 1, power, power &+ 1] {
            checkLong(length)
            if length <= 0xFFFF { checkMedium(length) }
        }
    }

    private func checkMedium(_ length: UInt64) {
        let header = [0x82, 0xFE] + ClientFrame.bigEndian(length, byteCount: 2) + [0, 0, 0, 0]
        #expect(hear([header]) == (length < 126 ? [.error(.lengthNotMinimal(length))] : []))
    }

    private func checkLong(_ length: UInt64) {
        let header = [0x82, 0xFF] + ClientFrame.bigEndian(length, byteCount: 8) + [0, 0, 0, 0]
        let expected: [Heard] =
            switch length {
            case ..<65_536: [.error(.lengthNotMinimal(length))]
            case 65_536: []
            case ...UInt64(Int64.max): [.error(.messageTooLong(byteCount: length, limit: 65_536))]
            default: [.error(.lengthTooLarge(length))]
            }
        #expect(hear([header]) == expected)
    }

    @Test func `a length of all ones is refused, not converted`() {
        let header = [0x82, 0xFF] + [UInt8](repeating: 0xFF, count: 8)
        #expect(hear([header]) == [.error(.lengthTooLarge(.max))])
    }

    @Test("the limit is the sum of all fragments", arguments: [(9, true), (10, true), (11, false)])
    func messageLimit(byteCount: Int, isAccepted: Bool) {
        let limits = FrameLimits(messageBytes: 10, fragments: 8)
        let payload = [UInt8](repeating: 0x61, count: byteCount)
        let refusal = Heard.error(.messageTooLong(byteCount: UInt64(byteCount), limit: 10))
        let heard: [Heard] = isAccepted ? [.message(.text, payload)] : [refusal]
        #expect(hear([ClientFrame(.text, payload).bytes], limits: limits) == heard)
        let cut = [
            ClientFrame(.text, Array(payload[..<6]), fin: false),
            ClientFrame(.continuation, Array(payload[6...])),
        ]
        #expect(hear([cut.flatMap(\.bytes)], limits: limits) == heard)
    }

    @Test func `a huge fragment on top of a small one does not wrap around`() {
        let header = [0x80, 0xFF] + ClientFrame.bigEndian(UInt64(Int64.max), byteCount: 8) + [0, 0, 0, 0]
        let heard = hear([ClientFrame(.binary, [1], fin: false).bytes + header])
        #expect(heard == [.error(.messageTooLong(byteCount: 1 << 63, limit: 65_536))])
    }

    @Test func `an announced length reserves nothing`() {
        let listener = Listener(limits: FrameLimits(messageBytes: 16 << 20, fragments: 8))
        let header = [0x82, 0xFF] + ClientFrame.bigEndian(16 << 20, byteCount: 8) + [0, 0, 0, 0, 0x61]
        #expect(listener.hear(header).isEmpty)
        #expect(listener.heldByteCount <= 64)
    }

    @Test("the number of fragments is limited", arguments: [(7, true), (8, true), (9, false)])
    func fragmentLimit(count: Int, isAccepted: Bool) {
        let limits = FrameLimits(messageBytes: 100, fragments: 8)
        var stream = ClientFrame(.text, "a", fin: false).bytes
        for index in 1..<count { stream += ClientFrame(.continuation, fin: index == count - 1).bytes }
        #expect(
            hear([stream], limits: limits)
                == (isAccepted ? [.message(.text, [0x61])] : [.error(.tooManyFragments(limit: 8))]))
    }

    @Test func `131,000 fragments of one byte hold twice their payload at most`() {
        let limits = FrameLimits(messageBytes: 1 << 20, fragments: 200_000)
        let listener = Listener(limits: limits)
        _ = listener.hear(ClientFrame(.binary, [0], fin: false).bytes)
        let fragment = ClientFrame(.continuation, [0], fin: false).bytes
        for _ in 1..<131_000 { _ = listener.hear(fragment) }
        #expect(listener.heldByteCount >= 131_000)
        #expect(listener.heldByteCount <= 262_200)
    }

    @Test func `16 MiB in 65,536 fragments pass where the limits allow it (Autobahn 9.3)`() {
        let listener = Listener(limits: FrameLimits(messageBytes: 16 << 20, fragments: 1 << 17))
        let part = [UInt8](repeating: 0x2A, count: 256)
        _ = listener.hear(ClientFrame(.text, part, fin: false).bytes)
        let fragment = ClientFrame(.continuation, part, fin: false).bytes
        for _ in 2..<65_536 { _ = listener.hear(fragment) }
        let heard = listener.hear(ClientFrame(.continuation, part).bytes)
        guard case .message(.text, let payload)? = heard.first else {
            Issue.record("no message")
            return
        }
        #expect(payload.count == 16 << 20)
    }

    @Test func `a continuation needs a message, and a message must end before the next`() {
        #expect(hear([ClientFrame(.continuation, "x").bytes]) == [.error(.continuationWithoutStart)])
        let text = ClientFrame(.text, "x").bytes
        #expect(hear([text + ClientFrame(.continuation).bytes]).last == .error(.continuationWithoutStart))
        let begun = ClientFrame(.text, "x", fin: false).bytes
        #expect(hear([begun + text]) == [.error(.unfinishedMessage)])
        #expect(hear([begun + ClientFrame(.binary, "x").bytes]) == [.error(.unfinishedMessage)])
    }

    @Test func `the first bad byte of text ends the connection in the middle of a frame (Autobahn 6.4)`() {
        let listener = Listener(limits: .small)
        let header = ClientFrame.header(first: 0x81, byteCount: 1_000) + [0, 0, 0, 0]
        #expect(listener.hear(header + [0x61, 0xF4]).isEmpty)
        #expect(listener.hear([0x90]) == [.error(.invalidUTF8)])
        #expect(FrameError.invalidUTF8.closeCode == .invalidPayload)
    }

    @Test func `text must not end inside a scalar, but a fragment may`() {
        #expect(hear([ClientFrame(.text, [0xE2, 0x82]).bytes]) == [.error(.invalidUTF8)])
        let cut = ClientFrame(.text, [0xE2, 0x82], fin: false).bytes
        #expect(hear([cut + ClientFrame(.continuation, [0xAC]).bytes]) == [.message(.text, Array("€".utf8))])
        #expect(hear([cut + ClientFrame(.continuation).bytes]) == [.error(.invalidUTF8)])
        #expect(hear([cut + ClientFrame(.continuation, [0x61]).bytes]) == [.error(.invalidUTF8)])
    }

    @Test func `one message's half scalar does not spoil the next, and binary may hold anything`() {
        #expect(hear([ClientFrame(.binary, [0xFF, 0xC0]).bytes]) == [.message(.binary, [0xFF, 0xC0])])
        let stream = ClientFrame(.binary, [0xE2]).bytes + ClientFrame(.text, "ok").bytes
        #expect(hear([stream]).last == .message(.text, Array("ok".utf8)))
    }

    @Test("a control frame carries 125 bytes at most", arguments: [Opcode.close, .ping, .pong])
    func controlLength(opcode: Opcode) {
        let body: [UInt8] = [0x03, 0xE8] + [UInt8](repeating: 0x61, count: 123)
        #expect(hear([ClientFrame(opcode, body).bytes]).count == 1)
        #expect(hear([ClientFrame(opcode, body + [0x61]).bytes]) == [.error(.controlTooLong(opcode))])
    }

    @Test func `labels are a closed set of nine`() {
        #expect(FrameError.Kind.allCases.count == 9)
        let tooBig: [FrameError] = [.messageTooLong(byteCount: 2, limit: 1), .tooManyFragments(limit: 1)]
        #expect(tooBig.allSatisfy { $0.closeCode == .messageTooBig && $0.kind == .tooBig })
    }
}
