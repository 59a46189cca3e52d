import Testing

@testable import BelfryBench

@Suite("Frames of a client and of its server (RFC 6455, section 5)")
struct FrameTests {
    @Test(
        "a client's frame is final, masked and as short as can be",
        arguments: [
            (0, [0x81, 0x80]), (125, [0x81, 0xFD]), (126, [0x81, 0xFE, 0, 126]),
            (65_535, [0x81, 0xFE, 0xFF, 0xFF]),
            (65_536, [0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] as [(Int, [UInt8])])
    func lengths(byteCount: Int, head: [UInt8]) {
        var output: [UInt8] = []
        ClientFrame.append(ClientFrame.text, [UInt8](repeating: 7, count: byteCount), mask: 0, to: &output)
        #expect(output == head + [0, 0, 0, 0] + [UInt8](repeating: 7, count: byteCount))
    }

    @Test func `the masked Hello of section 5.7 comes out byte for byte`() {
        var output: [UInt8] = []
        ClientFrame.append(ClientFrame.text, "Hello".utf8, mask: 0x37FA_213D, to: &output)
        #expect(output == [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
    }

    @Test func `frames are found wherever the bytes are cut`() throws {
        let long = [UInt8](repeating: 0x61, count: 300)
        let bytes: [UInt8] =
            [0x81, 2, 0x68, 0x69, 0x89, 1, 9, 0x8A, 0, 0x81, 126, 1, 44] + long + [
                0x88, 2, 0x03, 0xE8, 0x88, 0,
            ]
        for cut in 1...bytes.count {
            var reader = ServerFrameReader()
            var found: [ServerMessage] = []
            for start in stride(from: 0, to: bytes.count, by: cut) {
                reader.feed(bytes[start..<min(start + cut, bytes.count)])
                while let message = try reader.next() { found.append(message) }
            }
            #expect(
                found == [
                    .data([0x68, 0x69]), .ping([9]), .pong, .data(long), .close(code: 1000),
                    .close(code: 1005),
                ])
        }
    }

    @Test func `fragments make one message, with control frames between them`() throws {
        var reader = ServerFrameReader()
        reader.feed([0x01, 1, 1, 0x89, 0, 0x00, 1, 2, 0x80, 1, 3])
        #expect(try reader.next() == .ping([]))
        #expect(try reader.next() == .data([1, 2, 3]))
        #expect(try reader.next() == nil)
    }

    @Test(
        "what a server may not send ends the reading",
        arguments: [
            ([0x81, 0x80], .masked), ([0xC1, 0], .reservedBits), ([0x91, 0], .reservedBits),
            ([0x83, 0], .reservedOpcode(3)), ([0x80, 0], .outOfTurn), ([0x01, 0, 0x81, 0], .outOfTurn),
            ([0x09, 0], .outOfTurn), ([0x89, 126], .tooLong),
            ([0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 1], .tooLong),
            ([0x82, 127, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], .tooLong),
        ] as [([UInt8], ServerFrameError)])
    func refused(bytes: [UInt8], error: ServerFrameError) {
        var reader = ServerFrameReader()
        reader.feed(bytes[...])
        #expect(throws: error) { try reader.next() }
    }

    @Test func `fragments together may not be longer than a message`() throws {
        var reader = ServerFrameReader()
        reader.feed([0x02, 127, 0, 0, 0, 0, 0, 0x10, 0, 0])
        reader.feed([UInt8](repeating: 0, count: ServerFrameReader.messageBytesMax)[...])
        #expect(try reader.next() == nil)
        reader.feed([0x80, 1, 0])
        #expect(throws: ServerFrameError.tooLong) { try reader.next() }
    }
}
