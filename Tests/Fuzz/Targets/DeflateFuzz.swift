// modules: BelfryBytes BelfryWebSocket BelfryDeflate
//
// Any bytes may come as a compressed message. Whatever they are: nothing traps, never more comes out than is allowed, text
// is UTF-8, and no message leaves a trace in the next. And whatever is compressed inflates to what it was.
import BelfryDeflate
import BelfryWebSocket

private let limit = 4_096
private let sizes = CompressionSettings(level: 1, payloadBytes: 1...1 << 16)

/// An inflater behind a reference.
private final class Inflating {
    private var inflater: MessageInflater

    init() {
        guard let inflater = MessageInflater() else { preconditionFailure("no memory for zlib") }
        self.inflater = inflater
    }

    func callAsFunction(
        _ message: [UInt8], as opcode: Opcode, limit: Int
    ) -> Result<[UInt8], FrameError> {
        do throws(FrameError) {
            return .success(try inflater.inflate(message.span, as: opcode, limit: limit))
        } catch {
            return .failure(error)
        }
    }
}

/// It sees every message; beside it stands one that has seen nothing yet.
nonisolated(unsafe) private let used = Inflating()
nonisolated(unsafe) private let compressor = FrameCompressor(sizes)

/// One round: `start` points to `count` bytes, or to nothing when there are none; the first says whether they are text.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDeflate(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
    let bytes = unsafe Array(input)
    guard let first = bytes.first else { return 0 }
    let message = Array(bytes.dropFirst())
    let opcode: Opcode = first & 1 == 0 ? .text : .binary
    let outcome = Inflating()(message, as: opcode, limit: limit)
    precondition(unsafe outcome == used(message, as: opcode, limit: limit), "a message left a trace")
    if case .success(let text) = outcome {
        precondition(text.count <= limit, "more came out than is allowed")
        precondition(
            opcode != .text || String(validating: text, as: UTF8.self) != nil, "text that is no UTF-8")
    }
    checkRoundTrip(message)
    return 0
}

private func checkRoundTrip(_ payload: [UInt8]) {
    let plain = FrameEncoder.frame(opcode: .binary, payload: payload.span)
    guard let compressed = unsafe compressor?.compressed(plain) else { return }
    precondition(compressed.count < plain.count, "a compressed frame is not shorter")
    let body = Array(compressed[FrameEncoder.payloadRange(of: compressed.span)])
    let outcome = unsafe used(body, as: .binary, limit: payload.count)
    precondition(outcome == .success(payload), "a payload did not come back")
}
