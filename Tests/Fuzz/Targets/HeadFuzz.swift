// modules: BelfryBytes BelfryHTTP
//
// Any bytes may come as a request. Whatever they are: nothing traps, the head said is the same byte by byte, what was
// accepted kept the rules, and every answer is free of what the request said.
import BelfryHTTP

private let policies: [UpgradePolicy] = [
    ["*"], [], ["https://app.test", "https://*.example.com"],
].compactMap { entries in
    (try? OriginPolicy(entries)).map { UpgradePolicy(origins: $0, allowsDeflate: true) }
}

/// One round: `start` points to `count` bytes, or to nothing when there are none.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHead(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
    let bytes = unsafe Array(input)
    let whole = parse([bytes])
    precondition(whole == parse(bytes.map { [$0] }), "a cut changed the head")
    if case .success(let head) = whole { examine(head) }
    return 0
}

private enum Failure: Error, Equatable {
    case refused(HTTPRefusal)
    case unfinished
}

private func parse(_ pieces: [[UInt8]]) -> Result<RequestHead, Failure> {
    var parser = RequestHeadParser()
    do throws(HTTPRefusal) {
        for piece in pieces {
            if let (head, consumed) = try parser.consume(piece.span) {
                precondition(consumed <= piece.count, "more was consumed than given")
                return .success(head)
            }
        }
        return .failure(.unfinished)
    } catch {
        return .failure(.refused(error))
    }
}

private func examine(_ head: RequestHead) {
    precondition(head.fields.count <= 64, "too many fields")
    precondition(head.values("host").count == 1, "not one host")
    precondition(head.values("transfer-encoding").isEmpty, "a body was let in")
    for field in head.fields {
        precondition(
            !field.value.utf8.contains { $0 == 0x0A || $0 == 0x0D || $0 == 0 }, "a control character")
    }
    _ = try? Route.find(head)
    for policy in policies {
        guard case .accept(let upgrade) = WebSocketUpgrade.decide(head, policy) else { continue }
        let answer = HTTPResponse.switchingProtocols(upgrade) { _ in [UInt8](repeating: 0x5A, count: 20) }
            .encoded()
        precondition(answer.count { $0 == 0x0A } <= 8, "an injected line")
    }
}
