import BelfryBytes
import Glibc
import Testing

@testable import BelfryJournal
@testable import BelfryObserve

@Suite struct LogLineTests {
    private func line(_ event: Event, sequence: UInt64? = nil) -> String {
        var entry = EntryBuffer()
        EventEncoder(threadID: 1).encode(event, sequence: sequence, into: &entry)
        var line: [UInt8] = []
        LogLine.append(entry, priority: event.priority, to: &line)
        return String(decoding: line, as: UTF8.self)
    }

    @Test func `a line is priority, event, sentence and fields`() {
        #expect(
            line(.authFailure(EventSamples.connection, reason: "expired"), sequence: 12)
                == """
                notice auth.failure "Authentication from 2001:db8::7 failed: expired" owasp=authn_login_fail seq=12 \
                conn_id=conn-7f3a peer_addr=2001:db8::7 peer_port=50123 listener=[::]:8443 reason=expired count=1\n
                """)
    }

    @Test(arguments: [
        ("", "error=\"\""), ("a b", "error=\"a b\""), ("a\"b", "error=\"a\\\"b\""), ("a=b", "error=\"a=b\""),
        ("a\nb", "error=a\\nb"), ("a\u{1B}b", "error=a\\x1bb"),
    ])
    func `a value is quoted where it must be and never breaks the line`(value: String, expected: String) {
        let text = line(.configRejected(path: "f", row: nil, error: value))
        #expect(text.hasSuffix(" file=f \(expected)\n"))
        #expect(text.utf8.count { $0 == 0x0A } == 1)
    }

    @Test func `a line passes whole through a pipe that is full and non-blocking`() throws {
        var ends: [Int32] = [0, 0]
        #expect(unsafe pipe(&ends) == 0)
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        // More than a pipe holds, so the writer meets EAGAIN; the reader is this thread.
        let length = 300_000
        let writer = ends[1]
        let code = WriterThread.start {
            _ = DescriptorStream(descriptor: writer).write([UInt8](repeating: 0x61, count: length))
            Glibc.close(writer)
        }
        #expect(code == nil)
        var total = 0
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(ends[0], &chunk, chunk.count)
            guard count > 0 else { break }
            total += count
        }
        Glibc.close(ends[0])
        #expect(total == length)
    }

    @Test func `a pipe without a reader is a failure, not the end of the process`() {
        var ends: [Int32] = [0, 0]
        #expect(unsafe pipe(&ends) == 0)
        Glibc.close(ends[0])
        let writer = ends[1]
        let failed = Wakeup()
        _ = WriterThread.start {
            if DescriptorStream(descriptor: writer).write([0x61]) == 0 { failed.raise() }
        }
        #expect(failed.wait(until: Clocks.now() + .seconds(60)))
        Glibc.close(writer)
    }
}
