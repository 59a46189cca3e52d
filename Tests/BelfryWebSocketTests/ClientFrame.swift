import BelfryWebSocket

/// A frame as a client would send it, including those no client should.
struct ClientFrame {
    var first: UInt8
    var payload: [UInt8]
    var key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]

    init(_ opcode: Opcode, _ payload: [UInt8] = [], fin: Bool = true) {
        first = (fin ? 0x80 : 0) | opcode.rawValue
        self.payload = payload
    }

    init(_ opcode: Opcode, _ text: String, fin: Bool = true) {
        self.init(opcode, Array(text.utf8), fin: fin)
    }

    var bytes: [UInt8] {
        ClientFrame.header(first: first, byteCount: UInt64(payload.count)) + key
            + payload.enumerated().map { $0.element ^ key[$0.offset & 3] }
    }

    /// The header up to the key, with the shortest length.
    static func header(first: UInt8, byteCount: UInt64) -> [UInt8] {
        switch byteCount {
        case ...125: [first, 0x80 | UInt8(byteCount)]
        case ...0xFFFF: [first, 0x80 | 126] + bigEndian(byteCount, byteCount: 2)
        default: [first, 0x80 | 127] + bigEndian(byteCount, byteCount: 8)
        }
    }

    static func bigEndian(_ value: UInt64, byteCount: Int) -> [UInt8] {
        (0..<byteCount).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    }
}

/// What a decoder said about a stream, with payloads in place of locations, so that two readings can be compared.
enum Heard: Equatable {
    case message(Opcode, [UInt8])
    case deflated(Opcode, [UInt8])
    case ping([UInt8])
    case pong([UInt8])
    case close(CloseFrame?)
    case error(FrameError)
}

extension FrameLimits {
    static let small = FrameLimits(messageBytes: 65_536, fragments: 1_024)
}

/// Feeds `pieces` one after another to a new decoder and writes down everything heard.
func hear(_ pieces: [[UInt8]], limits: FrameLimits = .small, allowsDeflate: Bool = false) -> [Heard] {
    let listener = Listener(limits: limits, allowsDeflate: allowsDeflate)
    return pieces.flatMap { listener.hear($0) }
}

/// A decoder behind a reference, since `#expect` takes neither noncopyable values nor mutating calls.
final class Listener {
    private var decoder: FrameDecoder

    init(limits: FrameLimits = .small, allowsDeflate: Bool = false) {
        decoder = FrameDecoder(limits: limits)
        decoder.allowsDeflate = allowsDeflate
    }

    var heldByteCount: Int { decoder.heldByteCount }
    var isClosed: Bool { decoder.isClosed }

    func takeMessage() -> [UInt8] { decoder.takeMessage() }
    func abandon() { decoder.abandon() }

    func hear(_ piece: [UInt8]) -> [Heard] {
        var piece = piece
        var heard: [Heard] = []
        var offset = 0
        var input = piece.mutableSpan
        do throws(FrameError) {
            while let event = try decoder.next(&input, at: &offset) {
                heard.append(translate(event, input.span))
            }
        } catch {
            heard.append(.error(error))
        }
        precondition(offset == input.count, "the decoder consumes all it is given")
        return heard
    }

    /// The raw event, with the message left where it is.
    func next(_ bytes: inout [UInt8]) throws(FrameError) -> FrameEvent? {
        var offset = 0
        var input = bytes.mutableSpan
        return try decoder.next(&input, at: &offset)
    }

    private func translate(_ event: FrameEvent, _ input: Span<UInt8>) -> Heard {
        switch event {
        case .message(let opcode, let location): .message(opcode, bytes(location, input))
        case .deflatedMessage(let opcode, let location): .deflated(opcode, bytes(location, input))
        case .ping(let payload): .ping(payload)
        case .pong(let payload): .pong(payload)
        case .close(let frame): .close(frame)
        }
    }

    private func bytes(_ location: MessageLocation, _ input: Span<UInt8>) -> [UInt8] {
        switch location {
        case .inPlace(let range): range.map { input[$0] }
        case .assembled: decoder.takeMessage()
        }
    }
}

extension ClientFrame {
    /// The same with RSV1, which begins a compressed message.
    var deflated: ClientFrame {
        var frame = self
        frame.first |= 0x40
        return frame
    }
}

/// A generator whose seed is in the name of every test that uses it.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
