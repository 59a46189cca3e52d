import BelfryDeflate
import BelfryWebSocket
import Testing

/// What a message becomes: its bytes, or why it is refused.
typealias Inflated = Result<[UInt8], FrameError>

/// An inflater behind a reference, since `#expect` takes no mutating calls.
final class Inflating {
    private var inflater: MessageInflater

    init() throws { inflater = try makeInflater() }

    func callAsFunction(_ message: [UInt8], as opcode: Opcode = .binary, limit: Int = 65_536) -> Inflated {
        do throws(FrameError) {
            return .success(try inflater.inflate(message.span, as: opcode, limit: limit))
        } catch {
            return .failure(error)
        }
    }

    var tally: CompressionTally { inflater.tally }
}

private func makeInflater() throws -> MessageInflater {
    guard let inflater = MessageInflater() else { throw OutOfMemory() }
    return inflater
}

struct OutOfMemory: Error {}

func compressor(level: Int = 1, _ bytes: ClosedRange<Int> = 1...1 << 20) throws -> FrameCompressor {
    try #require(FrameCompressor(CompressionSettings(level: level, payloadBytes: bytes)))
}

/// The payload of the compressed frame that a payload gives, which must say that it is compressed.
func payload(of frame: [UInt8]) -> [UInt8] {
    #expect(frame[0] & 0x40 != 0)
    return Array(frame[FrameEncoder.payloadRange(of: frame.span)])
}

/// JSON as a room sees it, `byteCount` bytes of it.
func chatter(_ byteCount: Int) -> [UInt8] {
    let lines = (0...byteCount / 40).map { number in
        #"{"id":\#(number &* 7_919),"user":"u\#(number % 37)","text":"good morning"},"#
    }
    return Array(lines.joined().utf8.prefix(byteCount))
}

/// Bytes that nothing makes shorter.
func noise(_ byteCount: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    return (0..<byteCount).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33)
    }
}
