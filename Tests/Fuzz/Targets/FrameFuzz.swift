// modules: BelfryBytes BelfryWebSocket
//
// Any bytes may come behind the handshake. Whatever they are: nothing traps, every byte is consumed, no message is
// over the limit or bad text, and the same bytes cut in two say the same thing. With the highest bit of the first byte
// compression counts as agreed on.
import BelfryWebSocket

private let limits = FrameLimits(messageBytes: 2_048, fragments: 16)

/// One round: `start` points to `count` bytes, or to nothing when there are none; the first two tell where to cut, and
/// whether messages may be compressed.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFrames(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
    let bytes = unsafe Array(input)
    guard bytes.count > 2 else { return 0 }
    let stream = Array(bytes[2...])
    let cut = (Int(bytes[0]) << 8 | Int(bytes[1])) % (stream.count + 1)
    let allowsDeflate = bytes[0] & 0x80 != 0
    let whole = hear([stream], allowsDeflate)
    precondition(
        whole == hear([Array(stream[..<cut]), Array(stream[cut...])], allowsDeflate),
        "the cut at \(cut) is heard")
    return 0
}

private enum Heard: Equatable {
    case event(FrameEvent)
    case message(Opcode, [UInt8])
    case deflated(Opcode, [UInt8])
    case error(FrameError)
}

private func hear(_ pieces: [[UInt8]], _ allowsDeflate: Bool) -> [Heard] {
    var decoder = FrameDecoder(limits: limits)
    decoder.allowsDeflate = allowsDeflate
    var heard: [Heard] = []
    for var piece in pieces {
        var offset = 0
        var input = piece.mutableSpan
        do throws(FrameError) {
            while let event = try decoder.next(&input, at: &offset) {
                heard.append(translate(event, input.span, &decoder))
            }
        } catch {
            heard.append(.error(error))
        }
        precondition(offset == input.count, "bytes were left over")
    }
    return heard
}

private func translate(_ event: FrameEvent, _ input: Span<UInt8>, _ decoder: inout FrameDecoder) -> Heard {
    switch event {
    case .message(let opcode, let location):
        let payload = payload(location, input, &decoder)
        precondition(payload.count <= Int(limits.messageBytes), "a message over the limit")
        precondition(
            opcode != .text || String(validating: payload, as: UTF8.self) != nil, "text that is no UTF-8")
        return .message(opcode, payload)
    case .deflatedMessage(let opcode, let location):
        precondition(decoder.allowsDeflate, "compression was not agreed on")
        let payload = payload(location, input, &decoder)
        precondition(payload.count <= Int(limits.deflatedBytes), "a compressed message over the limit")
        return .deflated(opcode, payload)
    default: return .event(event)
    }
}

private func payload(
    _ location: MessageLocation, _ input: Span<UInt8>, _ decoder: inout FrameDecoder
) -> [UInt8] {
    switch location {
    case .inPlace(let range): range.map { input[$0] }
    case .assembled: decoder.takeMessage()
    }
}
