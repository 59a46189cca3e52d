import BelfryDeflate
import BelfryWebSocket
import Testing

@Suite("Compressing frames (RFC 7692, section 7.2.1)")
struct FrameCompressorTests {
    private func frame(_ payload: [UInt8], _ opcode: Opcode = .text) -> [UInt8] {
        FrameEncoder.frame(opcode: opcode, payload: payload.span)
    }

    @Test(
        "what is compressed inflates to what it was, at every length form and level",
        arguments: [64, 125, 126, 300, 4_096, 65_535, 65_536, 300_000], [1, 6, 9])
    func roundTrip(byteCount: Int, level: Int) throws {
        let text = chatter(byteCount)
        let compressed = try #require(try compressor(level: level).compressed(frame(text)))
        #expect(compressed.count < text.count)
        let inflating = try Inflating()
        #expect(inflating(payload(of: compressed), as: .text, limit: byteCount) == .success(text))
    }

    @Test func `the opcode stays, RSV1 is added, and the frame is whole`() throws {
        let compressor = try compressor()
        for opcode in [Opcode.text, .binary] {
            let compressed = try #require(compressor.compressed(frame(chatter(500), opcode)))
            #expect(compressed[0] == 0xC0 | opcode.rawValue)
            let range = FrameEncoder.payloadRange(of: compressed.span)
            let header = FrameEncoder.headerByteCount(payloadByteCount: range.count)
            #expect(range == header..<compressed.count)
        }
    }

    @Test func `no frame ends with the four bytes that the receiver puts back`() throws {
        let compressor = try compressor()
        for byteCount in 64..<400 {
            guard let compressed = compressor.compressed(frame(chatter(byteCount))) else { continue }
            #expect(compressed.suffix(4) != [0, 0, 0xFF, 0xFF])
        }
    }

    @Test func `a frame is the same whatever was compressed before it`() throws {
        let used = try compressor()
        _ = used.compressed(frame(chatter(9_000)))
        _ = used.compressed(frame(noise(9_000)))
        let text = frame(chatter(700))
        #expect(try used.compressed(text) == compressor().compressed(text))
    }

    @Test func `bounds are of the payload, and both belong to it`() throws {
        let compressor = try compressor(200...300)
        let taken = [199, 200, 300, 301].map { compressor.compressed(frame(chatter($0))) != nil }
        #expect(taken == [false, true, true, false])
    }

    @Test func `what would not get shorter stays as it is`() throws {
        let compressor = try compressor()
        for byteCount in [1, 2, 5, 100, 5_000, 70_000] {
            #expect(compressor.compressed(frame(noise(byteCount))) == nil, "\(byteCount) bytes")
        }
        #expect(compressor.tally == CompressionTally())
    }

    @Test func `a compressed frame is shorter by a byte at least`() throws {
        let compressor = try compressor()
        for repeated in 0..<200 {
            let plain = frame(noise(200, seed: 3) + Array(repeating: 0x61, count: repeated))
            if let compressed = compressor.compressed(plain) { #expect(compressed.count < plain.count) }
        }
    }

    @Test func `control frames are never compressed (section 6)`() throws {
        let ping = FrameEncoder.frame(opcode: .ping, payload: chatter(120).span)
        #expect(try compressor().compressed(ping) == nil)
    }

    @Test func `a payload no longer than a small window refers to nothing beyond it`() throws {
        // A receiver with a window of 2^bits gets nothing longer, so its inflater must never miss anything.
        let compressor = try compressor()
        for bits in 8...14 {
            let text = chatter(1 << bits)
            let compressed = try #require(compressor.compressed(frame(text)))
            let inflated = inflate(payload(of: compressed) + [0, 0, 0xFF, 0xFF], windowBits: bits)
            #expect(inflated == text, "2^\(bits)")
        }
    }

    @Test func `each compressed message is counted once, before and after`() throws {
        let compressor = try compressor()
        let compressed = try #require(compressor.compressed(frame(chatter(1_000))))
        #expect(compressor.tally.messages == 1)
        #expect(compressor.tally.plainBytes == 1_000)
        #expect(compressor.tally.compressedBytes == UInt64(payload(of: compressed).count))
    }
}
