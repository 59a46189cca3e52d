import BelfryObserve
import Foundation
import Glibc
import Synchronization
import Testing

@testable import BelfrySidePort

/// The side port on a socket that systemd has opened.
@Suite("Side port on a socket from elsewhere", .timeLimit(.minutes(1)))
struct InheritedServerTests {
    /// A listening socket on any free port; the side port closes one descriptor of it, the test holds another.
    private func listening() -> (taken: CInt, kept: CInt) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #expect(listen(descriptor, 16) == 0)
        return (descriptor, dup(descriptor))
    }

    @Test func `it answers as on an address of its own`() async throws {
        let (taken, kept) = listening()
        defer { close(kept) }
        let answers = Mutex<[SidePortCode]>([])
        try await withSidePort(
            socket: taken, onAnswer: { _, code in answers.withLock { $0.append(code) } }
        ) { client in
            let page = try await client.get("/metrics")
            #expect(page.status == 200 && page.body == "prometheusText\n")
            let pattern = /[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/
            #expect(page.header("Date")?.wholeMatch(of: pattern) != nil)
            let unknown = try await client.get("/nothing")
            let foreign = try await client.get("/metrics", host: "evil.example")
            let nonsense = try await client.exchange("nonsense\r\n\r\n")
            #expect([unknown, foreign, nonsense].map(\.status) == [404, 421, 400])
        }
        #expect(answers.withLock { $0.count } == 3)
    }

    @Test func `connections have a limit, and a free place is taken`() async throws {
        let (taken, kept) = listening()
        defer { close(kept) }
        var limits = SidePortConfiguration.Limits()
        (limits.connections, limits.callers) = (1, 1)
        try await withSidePort(limits: limits, socket: taken) { client in
            let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
            try await client.hold(request) {
                try await client.hold(request) {}
                let reply = try await client.get("/healthz")
                #expect(reply.status == 200)
            }
        }
    }

    @Test func `when it ends, others go on to hold the socket`() async throws {
        let (taken, kept) = listening()
        let port = try await withSidePort(socket: taken) { $0.port }
        let again = try await withSidePort(socket: kept) { client in
            let reply = try await client.get("/healthz")
            #expect(reply.status == 200)
            return client.port
        }
        #expect(again == port)
    }

    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
    ])
    func `dates are those of RFC 9110`(seconds: Int, text: String) {
        #expect(Date(timeIntervalSince1970: Double(seconds)).httpText == text)
    }
}
