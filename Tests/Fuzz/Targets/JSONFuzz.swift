// modules: BelfryBytes SwiftProtobuf BelfryProtobufMessages BelfryProtocol
//
// Any bytes may come as a message. Whatever they are: nothing traps, the reader always moves on, and a message of one
// line that is a command is JSON.
import BelfryProtocol

/// One round: `start` points to `count` bytes, or to nothing when there are none.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
    let bytes = unsafe Array(input)
    _ = isJSON(bytes)
    let (commandCount, isRefused) = readCommands(bytes)
    if commandCount == 1, !isRefused { precondition(isJSON(bytes), "a command that is no JSON") }
    // libFuzzer keeps an input only if it is told 0; -1 would drop it from the corpus.
    return 0
}

private func isJSON(_ bytes: [UInt8]) -> Bool {
    do {
        try JSONScanner.validate(bytes.span)
        return true
    } catch .nestedTooDeep {
        // A command may nest deeper than a payload by what stands around its payload.
        return true
    } catch {
        return false
    }
}

/// Reads the message as a connection would, stopping after every command and resuming in a copy of the rest.
private func readCommands(_ message: [UInt8]) -> (count: Int, isRefused: Bool) {
    var unread = message
    var count = 0
    do {
        while true {
            var reader = CommandReader(commandCount: count)
            guard let command = try reader.next(in: unread.span) else { return (count, false) }
            precondition(reader.offset > 0, "the reader stands still")
            precondition(reader.commandCount == count + 1, "a command was not counted")
            precondition(!command.request.method.isEmpty, "a request without a name")
            count = reader.commandCount
            unread.removeFirst(reader.offset)
        }
    } catch {
        return (count, true)
    }
}
