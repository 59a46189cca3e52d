import BelfryBytes
import Testing

@testable import BelfryBench

@Suite("Stamps and lines of the server")
struct LineTests {
    static let stamp = Stamp(
        run: .max, room: .max, sequence: 9_999_999_999, sentAt: Instant(nanoseconds: .max))

    @Test(arguments: [64, 65, 128, 60_000])
    func `a payload has the size asked for and comes back`(byteCount: Int) {
        let payload = Self.stamp.payload(byteCount: byteCount)
        #expect(payload.count == byteCount)
        let line = Array(#"{"push":{"channel":"c","pub":{"data":"#.utf8) + payload + Array("}}}".utf8)
        #expect(ServerLine(line[...]) == .delivery(Self.stamp))
    }

    @Test(
        "each line is what its prefix says",
        arguments: [
            ("{}", .ping), (#"{"id":2,"subscribe":{}}"#, .reply(id: 2)),
            (#"{"id":1,"error":{"code":101,"message":"unauthorized"}}"#, .refusal(id: 1, code: 101)),
            (#"{"id":18446744073709551615,"publish":{}}"#, .reply(id: .max)),
            (#"{"id":18446744073709551616,"publish":{}}"#, .other), (#"{"id":}"#, .other), ("", .other),
            (#"{"push":{"disconnect":{"code":3001,"reason":"shutdown"}}}"#, .disconnect(code: 3001)),
            (#"{"push":{"channel":"c","join":{}}}"#, .other),
            (#"{"push":{"pub":{"data":"bench 1 2 3"}}}"#, .other),
            (#"{"push":{"pub":{"data":"bench 1 -2 3 4 "}}}"#, .other),
            (#"{"push":{"pub":{"data":"bench 4294967296 2 3 4 "}}}"#, .other), ("\"bench ", .other),
        ] as [(String, ServerLine)])
    func lines(text: String, line: ServerLine) {
        #expect(ServerLine(Array(text.utf8)[...]) == line)
    }

    @Test(
        "only 101 with the right accept value opens",
        arguments: [
            (
                "HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept:  s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
                true
            ),
            ("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: AAAA\r\n\r\n", false),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", false), ("HTTP/1.1 403 Forbidden\r\n\r\n", false),
            ("HTTP/1.1 10\r\n\r\n", false), ("\r\n\r\n", false),
        ])
    func upgrade(head: String, opens: Bool) {
        if opens {
            #expect(throws: Never.self) { try Upgrade.check(Array(head.utf8)[...]) }
        } else {
            #expect(throws: Ending.self) { try Upgrade.check(Array(head.utf8)[...]) }
        }
    }
}
