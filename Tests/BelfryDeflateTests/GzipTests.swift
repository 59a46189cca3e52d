import BelfryBytes
import BelfryDeflate
import Testing

@Suite("Gzip")
struct GzipTests {
    @Test(arguments: [0, 1, 100, 65_535, 65_536, 1 << 20])
    func `a text comes back byte by byte`(count: Int) throws {
        var random = SplitMix64(seed: UInt64(count))
        let text = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next() % 16) }
        let file = try #require(Gzip.compressed(text))
        // RFC 1952, section 2.3: a head of ten bytes without options, then DEFLATE, its CRC, its length.
        #expect(file.starts(with: [0x1F, 0x8B, 8, 0]))
        // RFC 7692, section 7.2.3.4: how a last block becomes a message.
        let message = Array(file.dropFirst(10).dropLast(8)) + [0]
        let inflater = try Inflating()
        let isSame = inflater(message, limit: 2 << 20) == .success(text)
        #expect(isSame)
        #expect(Self.number(file.suffix(4)) == UInt32(count))
        #expect(Self.number(file.suffix(8).prefix(4)) == Self.crc32(text))
    }

    @Test func `what is alike shrinks, noise hardly grows`() throws {
        let page = Array(
            String(repeating: "belfry_messages_dropped_total{reason=\"slow\"} 0\n", count: 1_000).utf8)
        #expect(try #require(Gzip.compressed(page)).count < page.count / 20)
        var random = SplitMix64(seed: 1)
        let noise = (0..<10_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        #expect(try #require(Gzip.compressed(noise)).count < 10_100)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// RFC 1952, section 8, a bit at a time.
    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { rest, _ in rest >> 1 ^ (rest & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }
}
