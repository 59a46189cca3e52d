// modules: BelfryBytes BelfryHTTP
//
// Any offers of extensions may come. Whatever they are: nothing traps, the client is not turned away, the answer is one
// that RFC 7692 allows, and one line or two say the same.
import BelfryHTTP

private let policy = (try? OriginPolicy(["*"])).map { UpgradePolicy(origins: $0, allowsDeflate: true) }

/// One round: `start` points to `count` bytes, or to nothing when there are none: the lines of the field.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzExtensions(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
    let lines = unsafe Array(input).split(separator: UInt8(ascii: "\n")).map { Array($0) }
    guard let apart = upgrade(lines) else { return 0 }
    if let bits = apart.deflate?.serverWindowBits { precondition((8...15).contains(bits), "\(bits) bits") }
    if let together = upgrade([Array(lines.joined(separator: [UInt8(ascii: ",")]))]) {
        precondition(together.deflate == apart.deflate, "lines and list differ")
    }
    let answer = HTTPResponse.switchingProtocols(apart) { _ in [UInt8](repeating: 0x5A, count: 20) }.encoded()
    precondition(answer.count { $0 == 0x0A } <= 7, "an injected line")
    return 0
}

/// `nil` when that is no head.
private func upgrade(_ lines: [[UInt8]]) -> AcceptedUpgrade? {
    var head = Array(
        """
        GET /connection/websocket HTTP/1.1\r
        Host: a\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Version: 13\r
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r

        """.utf8)
    for line in lines { head += Array("Sec-WebSocket-Extensions: ".utf8) + line + Array("\r\n".utf8) }
    head += Array("\r\n".utf8)
    var parser = RequestHeadParser()
    guard let parsed = try? parser.consume(head.span), parsed.consumed == head.count, let policy else {
        return nil
    }
    guard case .accept(let upgrade) = WebSocketUpgrade.decide(parsed.head, policy) else {
        preconditionFailure("a client was turned away")
    }
    return upgrade
}
