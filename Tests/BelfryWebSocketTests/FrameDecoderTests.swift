import BelfryWebSocket
import Testing

@Suite("Messages (RFC 6455, section 5)")
struct FrameDecoderTests {
    @Test func `an idle decoder is 64 bytes or less and owns no heap`() {
        #expect(MemoryLayout<FrameDecoder>.stride <= 64)
        let listener = Listener(limits: .small)
        _ = listener.hear(ClientFrame(.text, "one", fin: false).bytes)
        #expect(listener.heldByteCount >= 3)
        let heard = listener.hear(ClientFrame(.continuation, "two").bytes)
        #expect(heard == [.message(.text, Array("onetwo".utf8))])
        #expect(listener.heldByteCount == 0)
    }

    @Test func `the masked Hello of section 5.7 is read in place`() throws {
        var bytes: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        let listener = Listener(limits: .small)
        let event = try listener.next(&bytes)
        #expect(event == .message(.text, .inPlace(6..<11)))
        #expect(Array(bytes[6...]) == Array("Hello".utf8))
    }

    @Test func `a header that came alone still leaves the payload in place`() throws {
        let frame = ClientFrame(.binary, [1, 2, 3]).bytes
        var (head, body) = (Array(frame[..<6]), Array(frame[6...]))
        let listener = Listener(limits: .small)
        let nothing = try listener.next(&head)
        let event = try listener.next(&body)
        #expect(nothing == nil)
        #expect(event == .message(.binary, .inPlace(0..<3)))
    }

    @Test("every length form carries its payload", arguments: [0, 1, 3, 4, 5, 125, 126, 127, 65_535, 65_536])
    func lengths(byteCount: Int) {
        let payload = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        #expect(hear([ClientFrame(.binary, payload).bytes]) == [.message(.binary, payload)])
    }

    @Test func `every split of a stream in two, and byte by byte, gives the same events`() {
        let stream = Self.conversation
        let whole = hear([stream])
        #expect(whole.count == 12)
        for cut in stream.indices {
            let halves = hear([Array(stream[..<cut]), Array(stream[cut...])])
            #expect(halves == whole, "cut at \(cut)")
        }
        #expect(hear(stream.map { [$0] }) == whole)
    }

    @Test("random cuts give the same events", arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func randomCuts(seed: UInt64) {
        var generator = SplitMix64(state: seed)
        let stream = Self.conversation
        let whole = hear([stream])
        for _ in 0..<50 {
            var (pieces, start) = ([[UInt8]](), 0)
            while start < stream.count {
                let end = min(stream.count, start + Int.random(in: 1...40, using: &generator))
                pieces.append(Array(stream[start..<end]))
                start = end
            }
            #expect(hear(pieces) == whole, "seed \(seed)")
        }
    }

    /// One of everything that is allowed, ending with a close inside an unfinished message.
    static let conversation: [UInt8] = [
        ClientFrame(.text, "Grüße, 世界 🔔"),
        ClientFrame(.text, ""),
        ClientFrame(.binary, Array(0...255)),
        ClientFrame(.ping, "are you there"),
        ClientFrame(.pong),
        ClientFrame(.text, "a message ", fin: false),
        ClientFrame(.ping, Array(repeating: 0xFF, count: 125)),
        ClientFrame(.continuation, [], fin: false),
        ClientFrame(.continuation, [0xE4, 0xB8], fin: false),
        ClientFrame(.pong, [1, 2]),
        ClientFrame(.continuation, [0x96]),
        ClientFrame(.binary, fin: false),
        ClientFrame(.continuation),
        ClientFrame(.binary, fin: false),
        ClientFrame(.continuation, [9, 9, 9]),
        ClientFrame(.text, String(repeating: "x", count: 300)),
        ClientFrame(.text, "unfinished", fin: false),
        ClientFrame(.close, [0x03, 0xE8] + Array("bye ü".utf8)),
        ClientFrame(.text, "never read"),
    ].flatMap(\.bytes)

    @Test func `fragments are joined, and control frames between them come first`() {
        let frames = [
            ClientFrame(.text, "to", fin: false), ClientFrame(.ping, "p"), ClientFrame(.continuation, "day"),
        ]
        #expect(hear([frames.flatMap(\.bytes)]) == [.ping([0x70]), .message(.text, Array("today".utf8))])
    }

    @Test func `a message before a violation is heard before it`() {
        let frames = ClientFrame(.text, "good").bytes + [0xC1, 0x80]
        #expect(hear([frames]) == [.message(.text, Array("good".utf8)), .error(.reservedBits(4))])
    }

    @Test func `nothing is read after a close frame`() {
        let listener = Listener(limits: .small)
        let stream = ClientFrame(.close).bytes + ClientFrame(.text, "late").bytes
        #expect(listener.hear(stream) == [.close(nil)])
        #expect(listener.hear(ClientFrame(.ping).bytes).isEmpty)
        #expect(listener.isClosed)
    }

    @Test func `nothing is read after an error`() {
        let listener = Listener(limits: .small)
        #expect(
            listener.hear([0x81, 0x01, 0x61] + ClientFrame(.text, "late").bytes) == [.error(.unmasked)])
        #expect(listener.hear(ClientFrame(.ping).bytes).isEmpty)
    }

    @Test func `a message nobody took is forgotten by the next one`() throws {
        let listener = Listener(limits: .small)
        let frame = ClientFrame(.text, "first").bytes
        for piece in [frame[..<8], frame[8...]] {
            var bytes = Array(piece)
            _ = try listener.next(&bytes)
        }
        let second = ClientFrame(.text, "second").bytes
        #expect(listener.hear(Array(second[..<8])).isEmpty)
        #expect(listener.hear(Array(second[8...])) == [.message(.text, Array("second".utf8))])
    }

    @Test func `an unfinished message cannot be taken`() {
        let listener = Listener(limits: .small)
        #expect(listener.hear(ClientFrame(.text, "half", fin: false).bytes).isEmpty)
        #expect(listener.takeMessage().isEmpty)
        let heard = listener.hear(ClientFrame(.continuation, "way").bytes)
        #expect(heard == [.message(.text, Array("halfway".utf8))])
    }

    @Test("every key unmasks from every phase", arguments: [0, 1, 2, 3, 4, 5, 15, 16, 17, 31, 32, 33, 63])
    func maskPhases(cut: Int) {
        var frame = ClientFrame(.binary, (0..<64).map { UInt8($0) })
        for key: [UInt8] in [[0, 0, 0, 0], [255, 255, 255, 255], [1, 2, 4, 8], [0x80, 0, 0x7F, 0xAA]] {
            frame.key = key
            let bytes = frame.bytes
            let heard = hear([Array(bytes[..<(6 + cut)]), Array(bytes[(6 + cut)...])])
            #expect(heard == [.message(.binary, frame.payload)])
        }
    }
}
