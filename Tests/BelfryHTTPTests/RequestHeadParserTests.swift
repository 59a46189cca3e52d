import BelfryHTTP
import Testing

@Suite("Request heads (RFC 9112)")
struct RequestHeadParserTests {
    @Test func `a browser's handshake is read`() throws {
        let head = try RequestText.handshake.adding("User-Agent", "  a b\t").head()
        #expect(head.method == .get)
        #expect(head.target.path == "/connection/websocket")
        #expect(head.host == "relay.test")
        #expect(head.value("uSER-aGENT") == "a b")
        #expect(head.value("missing") == nil)
    }

    @Test func `every cut, and byte by byte, gives the same head`() {
        let bytes = RequestText.handshake.target("/?a=b").adding("X", "").bytes
        let whole = parse(bytes)
        for cut in bytes.indices { #expect(parse([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole) }
        #expect(parse(bytes.map { [$0] }) == whole)
        guard case .success = whole else {
            Issue.record("refused")
            return
        }
    }

    @Test func `bytes behind the head are counted, not read`() throws {
        let head = RequestText.handshake.bytes
        var parser = RequestHeadParser()
        let early: [UInt8] = head + [0x81, 0x80, 0, 0, 0, 0]
        let answer = try parser.consume(early.span)
        #expect(answer?.consumed == head.count)
    }

    @Test func `a parser takes one request, whether it was read or refused`() throws {
        var parser = RequestHeadParser()
        let bytes = RequestText.handshake.bytes
        _ = try parser.consume(bytes.span)
        let again = Result { try parser.consume(bytes.span) }
        #expect(throws: HTTPRefusal.secondRequest) { _ = try again.get() }
        var refused = RequestHeadParser()
        let bad: [UInt8] = Array("GET\r\n".utf8)
        _ = try? refused.consume(bad.span)
        let more = Result { try refused.consume(bytes.span) }
        #expect(throws: HTTPRefusal.secondRequest) { _ = try more.get() }
    }

    @Test func `list values are split over commas and lines`() throws {
        let head = try RequestText.handshake.adding("Via", "a, b").adding("via", " ,c,, ").head()
        #expect(head.list("VIA") == ["a", "b", "c"])
        #expect(head.values("via") == ["a, b", ",c,,"])
    }

    // MARK: limits

    /// A head of exactly `byteCount` bytes.
    private func head(byteCount: Int) -> [UInt8] {
        let empty = RequestText.handshake.adding("X", "").bytes.count
        return RequestText.handshake.adding("X", String(repeating: "x", count: byteCount - empty)).bytes
    }

    @Test("8 KiB is the edge", arguments: [(8_191, true), (8_192, true), (8_193, false), (20_000, false)])
    func headSize(byteCount: Int, isAccepted: Bool) {
        let bytes = head(byteCount: byteCount)
        #expect(bytes.count == byteCount)
        let refusal = ParseFailure.refused(.headTooLarge(byteLimit: 8_192))
        for answer in [parse(bytes), parse(bytes.map { [$0] })] {
            if isAccepted {
                #expect((try? answer.get()) != nil)
            } else {
                #expect(answer == .failure(refusal))
            }
        }
        #expect(HTTPRefusal.headTooLarge(byteLimit: 8_192).status == .headTooLarge)
    }

    @Test("64 fields are the edge", arguments: [(63, true), (64, true), (65, false), (500, false)])
    func fieldCount(count: Int, isAccepted: Bool) {
        let request = (1..<count).reduce(RequestText(fields: [("Host", "h")])) { text, _ in
            text.adding("a", "b")
        }
        let answer = parse(request.bytes)
        let refusal = ParseFailure.refused(.tooManyFields(limit: 64))
        if isAccepted { #expect((try? answer.get()) != nil) } else { #expect(answer == .failure(refusal)) }
    }

    @Test("a request line has its own limit", arguments: [(4_095, true), (4_096, true), (4_097, false)])
    func requestLine(byteCount: Int, isAccepted: Bool) {
        let target = "/" + String(repeating: "x", count: byteCount - "GET / HTTP/1.1".count)
        let answer = parse(RequestText.handshake.target(target).bytes)
        let refusal = ParseFailure.refused(.requestLineTooLong(byteLimit: 4_096))
        if isAccepted { #expect((try? answer.get()) != nil) } else { #expect(answer == .failure(refusal)) }
    }

    @Test func `a request line without end is refused at its limit, not at the head's`() {
        let endless = [UInt8](repeating: UInt8(ascii: "A"), count: 5_000)
        #expect(parse(endless) == .failure(.refused(.requestLineTooLong(byteLimit: 4_096))))
    }

    @Test func `an unfinished head asks for more`() {
        let bytes = RequestText.handshake.bytes
        for end in bytes.indices { #expect(parse(Array(bytes[..<end])) == .failure(.unfinished)) }
    }

    @Test func `random bytes never trap, seed 20`() {
        var state: UInt64 = 20
        func next() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        let valid = RequestText.handshake.target("/a?token=%41").bytes
        for _ in 0..<3_000 {
            var bytes = valid
            for _ in 0..<(1 + next() & 3) { bytes[Int(next()) % bytes.count] = next() }
            guard case .success(let head) = parse(bytes) else { continue }
            _ = try? Route.find(head)
            _ = head.target.query.contains(anyOf: ["token"])
        }
    }
}
