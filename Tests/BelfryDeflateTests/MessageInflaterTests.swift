import BelfryDeflate
import BelfryWebSocket
import Testing

@Suite("Inflating messages (RFC 7692, section 7.2.2)")
struct MessageInflaterTests {
    private static let hello = Array("Hello".utf8)

    @Test(
        "the examples of section 7.2.3",
        arguments: [
            ([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], "Hello"),
            ([0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00], "Hello"),
            ([0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00], "Hello"),
            (
                [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00],
                "Hello"
            ),
            ([0x00], ""),
        ] as [([UInt8], String)])
    func examples(message: [UInt8], text: String) throws {
        let inflating = try Inflating()
        #expect(inflating(message, as: .text) == .success(Array(text.utf8)))
    }

    @Test func `a message never sees what came before it`() throws {
        // Section 7.2.3.2: the second Hello refers to the first, which needs a context that was refused.
        let inflating = try Inflating()
        #expect(inflating([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]) == .success(Self.hello))
        #expect(inflating([0xF2, 0x00, 0x11, 0x00, 0x00]) == .failure(.invalidDeflate))
        #expect(inflating([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]) == .success(Self.hello))
    }

    @Test(
        "what is no DEFLATE is refused, and costs the next message nothing",
        arguments: [
            [0x07],  // a block type that does not exist
            [0xFF, 0xFF, 0xFF, 0xFF],
            [0x00, 0x05, 0x00, 0x00, 0x00],  // a stored block whose length and complement differ
            [0x04, 0xC0],  // a dynamic block that ends in its tables
            [0x63],  // a block that the tail cuts
            [],  // the tail alone is no block (section 7.2.3.6 has 0x00 for nothing)
            [0xF2, 0x48, 0xCD],
            [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00, 0x00, 0xFF, 0xFF],  // with a tail of its own
            [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],  // a final block without the header that 7.2.3.4 adds
            [0x01, 0x05],
        ] as [[UInt8]])
    func nonsense(message: [UInt8]) throws {
        let inflating = try Inflating()
        #expect(inflating(message) == .failure(.invalidDeflate))
        #expect(inflating([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]) == .success(Self.hello))
        #expect(inflating.tally.messages == 1)
    }

    @Test func `the limit is of what comes out, and belongs to what may`() throws {
        let compressed = payload(
            of: try #require(
                try compressor().compressed(
                    FrameEncoder.frame(opcode: .binary, payload: chatter(20_000).span))))
        let inflating = try Inflating()
        #expect(inflating(compressed, limit: 20_000) == .success(chatter(20_000)))
        guard
            case .failure(.messageTooLong(let byteCount, limit: 19_999)) = inflating(
                compressed, limit: 19_999)
        else {
            Issue.record("not refused")
            return
        }
        #expect(byteCount == 20_000)
    }

    @Test func `a bomb of 64 MiB is refused a step behind the limit`() throws {
        let bomb = try zeros(64 << 20)
        #expect(bomb.count < 70_000)
        let inflating = try Inflating()
        guard case .failure(.messageTooLong(let byteCount, limit: 65_536)) = inflating(bomb) else {
            Issue.record("not refused")
            return
        }
        #expect(byteCount <= 65_536 + 16_384)
    }

    @Test func `output that ends exactly with a step is whole`() throws {
        let inflating = try Inflating()
        for byteCount in [16_383, 16_384, 16_385, 32_768, 65_536] {
            #expect(try inflating(zeros(byteCount)) == .success(Array(repeating: 0, count: byteCount)))
            // The same, in a final block.
            let final = stored(Array(repeating: 7, count: min(byteCount, 65_535)), isFinal: true) + [0]
            #expect(inflating(final) == .success(Array(repeating: 7, count: min(byteCount, 65_535))))
        }
    }

    @Test func `text is UTF-8 once it is inflated, binary is anything`() throws {
        let inflating = try Inflating()
        #expect(inflating(stored([0xFF]), as: .text) == .failure(.invalidUTF8))
        #expect(inflating(stored([0xE2, 0x82]), as: .text) == .failure(.invalidUTF8))
        #expect(inflating(stored([0xE2, 0x82, 0xAC]), as: .text) == .success([0xE2, 0x82, 0xAC]))
        #expect(inflating(stored([0xFF]), as: .binary) == .success([0xFF]))
    }

    @Test func `blocks without content end with the message`() throws {
        let inflating = try Inflating()
        let empty: [UInt8] = [0x00, 0x00, 0x00, 0xFF, 0xFF]
        let final: [UInt8] = [0x01, 0x00, 0x00, 0xFF, 0xFF]
        for block in [empty, final] {
            let many = Array(Array(repeating: block, count: 1_024).joined()) + [0x00]
            #expect(inflating(many) == .success([]))
        }
    }

    @Test func `what holds far less than it weighs is refused before it has cost much`() throws {
        let inflating = try Inflating()
        let empty = Array(
            Array(repeating: [0x00, 0x00, 0x00, 0xFF, 0xFF] as [UInt8], count: 13_000).joined())
        guard case .failure(.messageTooLong(let byteCount, limit: 8_192)) = inflating(empty + [0x00]) else {
            Issue.record("not refused")
            return
        }
        #expect(byteCount <= 8_192 + 4_096)
        // Beside content the same is as heavy as the content: bytes that no compressor would make shorter.
        let content = noise(60_000)
        #expect(inflating(stored(content).dropLast() + empty.prefix(5 * 1_024) + [0x00]) == .success(content))
    }

    /// `byteCount` zeros as their sender would compress them, in pieces: a compressor takes no more at once.
    private func zeros(_ byteCount: Int) throws -> [UInt8] {
        let compressor = try compressor(level: 9, 1...1 << 20)
        var (message, left): ([UInt8], Int) = ([], byteCount)
        while left > 0 {
            let piece = min(left, 1 << 20)
            let plain = FrameEncoder.frame(opcode: .binary, payload: Array(repeating: 0, count: piece).span)
            message += payload(of: try #require(compressor.compressed(plain))) + [0, 0, 0xFF, 0xFF]
            left -= piece
        }
        return message.dropLast(4)
    }

    private func stored(_ bytes: [UInt8], isFinal: Bool = false) -> [UInt8] {
        let count = UInt16(bytes.count)
        let (low, high) = (UInt8(truncatingIfNeeded: count), UInt8(truncatingIfNeeded: count >> 8))
        let block = [isFinal ? 1 : 0, low, high, ~low, ~high] + bytes
        return isFinal ? block : block + [0]
    }
}
