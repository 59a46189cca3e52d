// modules: BelfryBytes SwiftProtobuf BelfryProtobufMessages BelfryProtocol
//
// Any bytes may come as a message of Protobuf commands. Whatever they are: nothing traps, the reader always moves on, and
// a payload that may stand in a JSON line breaks out of none.
import BelfryProtocol

/// One round: `start` points to `count` bytes, or to nothing when there are none.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzProtobuf(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
    readCommands(unsafe Array(input))
    // libFuzzer keeps an input only if it is told 0; -1 would drop it from the corpus.
    return 0
}

private func readCommands(_ message: [UInt8]) {
    var reader = CommandReader(codec: .protobuf)
    do {
        while true {
            let before = reader.offset
            guard let command = try reader.next(in: message.span) else { return }
            precondition(reader.offset > before, "the reader stands still")
            if case .publish(let request) = command.request { push(request) }
        }
    } catch {
        return
    }
}

/// The push that JSON subscribers get must be one line of JSON.
private func push(_ request: PublishRequest) {
    let publication = Publication(data: request.data ?? [], form: request.form)
    guard publication.isReadable(by: .json), !publication.data.isEmpty else { return }
    var line: [UInt8] = []
    JSONPushes.publication(channel: "a", publication, into: &line)
    precondition(!line.contains(UInt8(ascii: "\n")), "a push on two lines")
    do {
        try JSONScanner.validate(line.span)
    } catch .nestedTooDeep {
        // A payload nests as deep as it may by itself; the push adds to it.
    } catch {
        preconditionFailure("a push that is no JSON")
    }
}
