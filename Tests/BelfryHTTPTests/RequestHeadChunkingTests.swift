import BelfryHTTP
import Testing

@Suite("Heads in pieces: how a stream is cut changes nothing")
struct RequestHeadChunkingTests {
    /// What a parser said about a stream, and at which byte.
    private struct Verdict: Equatable {
        let result: Result<RequestHead, ParseFailure>
        /// The last byte that was needed: of the head, or the one that broke a rule.
        let end: Int
    }

    /// The verdict byte by byte: the measure for every other cut.
    private func verdict(_ stream: [UInt8], _ limits: HeadLimits) -> Verdict {
        var parser = RequestHeadParser(limits: limits)
        for (index, byte) in stream.enumerated() {
            let piece = [byte]
            do throws(HTTPRefusal) {
                guard let (head, _) = try parser.consume(piece.span) else { continue }
                return Verdict(result: .success(head), end: index + 1)
            } catch {
                return Verdict(result: .failure(.refused(error)), end: index + 1)
            }
        }
        return Verdict(result: .failure(.unfinished), end: stream.count)
    }

    /// Parses `stream` in pieces, and checks each answer against what is due.
    private func check(_ stream: [UInt8], _ limits: HeadLimits, cutBy size: () -> Int, is due: Verdict) {
        var parser = RequestHeadParser(limits: limits)
        var start = 0
        while start < stream.count {
            let piece = Array(stream[start...].prefix(size()))
            let isLast = start + piece.count >= due.end
            let answer = Result { () throws(HTTPRefusal) in try parser.consume(piece.span) }
            start += piece.count
            switch answer {
            case .success(nil): #expect(!isLast || due.result == .failure(.unfinished))
            case .success(let (head, consumed)?):
                #expect(isLast && due.result == .success(head))
                return #expect(start - piece.count + consumed == due.end)
            case .failure(let refusal):
                return #expect(isLast && due.result == .failure(.refused(refusal)))
            }
        }
        #expect(due.result == .failure(.unfinished))
    }

    private static let streams: [[UInt8]] = [
        RequestText.handshake.bytes,
        RequestText.handshake.bytes + [0x81, 0x80, 0, 0, 0, 0],
        RequestText.handshake.target("https://relay.test/?a=%41&b").adding("X", "\t x \u{E4} ").bytes,
        RequestText.handshake.target("https://relay.test").adding("Content-Length", "0").bytes,
        RequestText.handshake.adding("Transfer-Encoding", "chunked").bytes,
        RequestText.handshake.adding(" folded", "x").bytes,
        Array("GET / HTTP/1.1\nHost: h\r\n\r\n".utf8),
        Array("GET / HTTP/1.1\r\nHost: h\r\n\n".utf8),
        Array(repeating: UInt8(ascii: "A"), count: 400),
    ]

    /// Edges near the lengths above, so that each limit is met in, before and behind a line.
    private static let limits: [HeadLimits] = [
        HeadLimits(), HeadLimits(headBytes: 0), HeadLimits(headBytes: 14), HeadLimits(headBytes: 36),
        HeadLimits(headBytes: 161), HeadLimits(headBytes: 162), HeadLimits(requestLineBytes: 13),
        HeadLimits(requestLineBytes: 34), HeadLimits(requestLineBytes: 33),
        HeadLimits(headBytes: 20, requestLineBytes: 18), HeadLimits(headBytes: 20, requestLineBytes: 19),
        HeadLimits(fields: 0), HeadLimits(fields: 4), HeadLimits(fields: 5),
    ]

    @Test("every stream under every limit, in pieces of every size", arguments: streams, limits)
    func sizes(stream: [UInt8], limits: HeadLimits) {
        let due = verdict(stream, limits)
        for size in 1...stream.count { check(stream, limits, cutBy: { size }, is: due) }
    }

    @Test func `damaged streams in random pieces, seed 63`() {
        var random = SplitMix64(state: 63)
        for _ in 0..<4_000 {
            var stream = Self.streams[random.below(Self.streams.count)]
            for _ in 0..<random.below(4) { stream[random.below(stream.count)] = random.damage() }
            let limits = Self.limits[random.below(Self.limits.count)]
            let due = verdict(stream, limits)
            for _ in 0..<4 { check(stream, limits, cutBy: { 1 + random.below(60) }, is: due) }
        }
    }

    @Test func `exactly the token characters of RFC 9110 make a name`() {
        let tokens = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        for byte in UInt8.min...UInt8.max where byte != 0x0A && byte != UInt8(ascii: ":") {
            let stream = Array("GET / HTTP/1.1\r\nHost: h\r\nX".utf8) + [byte] + Array(": y\r\n\r\n".utf8)
            #expect(((try? parse(stream).get()) != nil) == tokens.contains(byte), "byte \(byte)")
        }
    }
}

/// Random numbers that a seed repeats (Steele, Lea and Flood 2014).
private struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// A byte that means something to a head, or any.
    mutating func damage() -> UInt8 {
        let meaningful = Array("\r\n :\t%/?H0\u{0}".utf8)
        return below(2) == 0 ? meaningful[below(meaningful.count)] : UInt8(below(256))
    }
}
