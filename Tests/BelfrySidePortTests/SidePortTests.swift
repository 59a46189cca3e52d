import BelfryDeflate
import BelfryObserve
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import BelfrySidePort

@Suite("Side port", .timeLimit(.minutes(1)))
struct SidePortTests {
    static let prometheus =
        "Accept: application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
        + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

    @Test func `Prometheus gets OpenMetrics, a browser gets text`() async throws {
        try await withSidePort { client in
            let scrape = try await client.get("/metrics", Self.prometheus)
            #expect(scrape.status == 200 && scrape.body == "openMetrics\n")
            #expect(
                scrape.header("Content-Type") == "application/openmetrics-text; version=1.0.0; charset=utf-8")
            #expect(scrape.header("Vary") == "Accept, Accept-Encoding")
            let page = try await client.get("/metrics", "Accept: text/html")
            #expect(page.status == 200 && page.body == "prometheusText\n")
            #expect(page.header("Content-Type") == "text/plain; version=0.0.4")
        }
    }

    @Test(arguments: ["GET", "HEAD"])
    func `a page goes compressed to whoever takes it so`(method: String) async throws {
        try await withSidePort { client in
            let plain = try await client.get("/metrics", method: method, "Accept-Encoding: gzip;q=0")
            #expect(plain.header("Content-Encoding") == nil && plain.header("Content-Length") == "15")
            let reply = try await client.get(
                "/metrics", method: method, Self.prometheus, "Accept-Encoding: deflate",
                "Accept-Encoding: gzip")
            let file = try #require(Gzip.compressed(Array("openMetrics\n".utf8)))
            #expect(reply.header("Content-Encoding") == "gzip")
            #expect(reply.header("Content-Length") == "\(file.count)")
            #expect(reply.header("Content-Type")?.hasPrefix("application/openmetrics-text") == true)
            #expect(reply.bodyBytes == (method == "GET" ? file : []))
        }
    }

    @Test func `a scraper names the families it wants`() async throws {
        try await withSidePort { client in
            let some = try await client.get("/metrics?name[]=b&name%5B%5D=a&x=y")
            #expect(some.status == 200 && some.body == "prometheusText\na\nb\n")
            let bad = try await client.get("/metrics?name[]=%ff")
            #expect(bad.status == 400)
            let many = try await client.get("/metrics?" + String(repeating: "name[]=a&", count: 65))
            #expect(many.status == 400)
        }
    }

    @Test(arguments: ["/", "/metrics", "/healthz", "/livez", "/readyz", "/connections", "/detectors"])
    func `HEAD answers as GET does, without the body`(path: String) async throws {
        try await withSidePort { client in
            let get = try await client.get(path)
            let head = try await client.get(path, method: "HEAD")
            #expect(get.status == 200 && head.status == 200)
            #expect(head.body.isEmpty)
            #expect(head.header("Content-Length") == "\(get.body.utf8.count)")
            #expect(head.header("Content-Type") == get.header("Content-Type"))
        }
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
    func `another method is answered 405 with Allow`(method: String) async throws {
        try await withSidePort { client in
            let reply = try await client.get("/metrics", method: method, "Content-Length: 0")
            #expect(reply.status == 405 && reply.header("Allow") == "GET, HEAD")
        }
    }

    @Test(arguments: [
        "/nothing", "/metrics/", "//metrics", "/METRICS", "/metrics%00", "/%6detrics", "/status/", "*",
    ])
    func `an unknown path is answered 404`(path: String) async throws {
        try await withSidePort { client in
            let reply = try await client.get(path)
            #expect(reply.status == 404)
        }
    }

    @Test(arguments: [
        ("localhost", 200), ("LOCALHOST:9300", 200), ("127.0.0.1", 200), ("[::1]:9300", 200),
        ("relay.example", 200),
        ("evil.example", 421), ("localhost.evil.example", 421), ("127.0.0.1.evil.example:9300", 421),
        ("0.0.0.0", 421),
    ])
    func `only our own names are answered`(host: String, status: Int) async throws {
        try await withSidePort(allowedHosts: ["Relay.example"]) { client in
            let reply = try await client.get("/metrics", host: host)
            #expect(reply.status == status)
        }
    }

    @Test func `a request without Host is answered 400`() async throws {
        try await withSidePort { client in
            let reply = try await client.exchange("GET /metrics HTTP/1.0\r\nConnection: close\r\n\r\n")
            #expect(reply.status == 400)
        }
    }

    @Test func `no answer opens itself to other origins`() async throws {
        try await withSidePort { client in
            for path in ["/", "/metrics", "/connections", "/nothing"] {
                let reply = try await client.get(path, "Origin: https://evil.example")
                #expect(reply.header("Access-Control-Allow-Origin") == nil)
                #expect(reply.header("X-Content-Type-Options") == "nosniff")
                #expect(reply.header("Cache-Control") == "no-store")
                #expect(reply.header("X-Frame-Options") == "DENY")
                #expect(reply.header("Referrer-Policy") == "no-referrer")
                #expect(reply.header("Cross-Origin-Resource-Policy") == "same-origin")
                #expect(reply.header("Content-Security-Policy")?.hasPrefix("default-src 'none'") == true)
            }
        }
    }

    @Test(arguments: ["/livez", "/healthz"], [(4_999, 200), (5_000, 503), (60_000, 503)])
    func `health ends when a loop has not turned for five seconds`(
        path: String, limit: (milliseconds: Int, status: Int)
    ) async throws {
        let (milliseconds, status) = limit
        let source = FakeSource()
        source.state.withLock {
            $0.health.loops.append(.init(name: "loop-1", sinceLastTick: .milliseconds(milliseconds)))
        }
        try await withSidePort(source) { client in
            let reply = try await client.get(path)
            #expect(
                reply.status == status
                    && reply.body == (status == 200 ? "ok\n" : "an event loop stands still\n"))
            let verbose = try await client.get(path + "?verbose")
            let mark = status == 200 ? "[+]" : "[-]"
            #expect(verbose.status == status)
            #expect(
                verbose.body.hasPrefix(
                    "[+]loop-0: last tick 3 ms ago\n\(mark)loop-1: last tick \(milliseconds) ms ago\n"))
        }
    }

    @Test(arguments: ServiceState.allCases)
    func `only a serving relay is ready`(state: ServiceState) async throws {
        let source = FakeSource()
        source.state.withLock { $0.readiness.state = state }
        try await withSidePort(source) { client in
            let reply = try await client.get("/readyz")
            #expect(reply.status == (state == .serving ? 200 : 503))
            #expect(reply.body == (state == .serving ? "ready\n" : "not ready: \(state.label)\n"))
        }
    }

    @Test func `a failed check makes the relay unready and says which`() async throws {
        let source = FakeSource()
        source.state.withLock {
            $0.readiness.checks.append(.init(name: "journal", isPassed: false, detail: "absent"))
        }
        try await withSidePort(source) { client in
            let reply = try await client.get("/readyz?verbose")
            #expect(reply.status == 503)
            #expect(
                reply.body
                    == "[+]state: serving\n[+]listener\n[-]journal: absent\nnot ready: a check failed\n")
        }
    }

    @Test func `connections are filtered, counted and written as JSON`() async throws {
        let source = FakeSource()
        source.state.withLock {
            $0.records = (0..<5).map { .sample("c\($0)", subject: $0 < 3 ? "aa" : "bb") }
        }
        try await withSidePort(source) { client in
            let reply = try await client.get("/connections?subject=aa&sort=id&limit=2&offset=1&room=news%3Aa")
            #expect(reply.status == 200 && reply.header("Content-Type") == "application/json")
            let page = try JSONSerialization.jsonObject(with: Data(reply.body.utf8)) as? [String: Any]
            let found = page?["connections"] as? [[String: Any]]
            #expect(page?["total"] as? Int == 3)
            #expect(found?.compactMap { $0["id"] as? String } == ["c1", "c2"])
        }
        #expect(source.state.withLock { $0.lastQuery?.room } == "news:a")
    }

    @Test func `a bad query is answered 400 and never echoed`() async throws {
        try await withSidePort { client in
            let reply = try await client.get("/connections?limit=%3Cscript%3E")
            #expect(reply.status == 400 && reply.body == "{\"error\":\"limit is 1 to 1000\"}\n")
        }
    }

    @Test func `every answer is counted by path and code`() async throws {
        let counts = Mutex<[String]>([])
        try await withSidePort(onAnswer: { path, code in
            counts.withLock { $0.append("\(path.label) \(code.label)") }
        }) { client in
            _ = try await client.get("/metrics")
            _ = try await client.get("/metrics", method: "POST")
            _ = try await client.get("/nothing?x=/metrics")
            _ = try await client.get("/connections?limit=0")
            _ = try await client.get("/", host: "evil.example")
        }
        #expect(
            counts.withLock { $0 } == [
                "/metrics 200", "/metrics 405", "other 404", "/connections 400", "/ 421",
            ])
    }

    @Test func `one scrape too many is told to come back`() async throws {
        let (entered, entry) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        let source = FakeSource(gate: {
            entry.yield()
            for await _ in released { break }
        })
        var limits = SidePortConfiguration.Limits()
        limits.concurrentPages = 1
        try await withSidePort(source, limits: limits) { client in
            async let slow = client.get("/metrics")
            for await _ in entered { break }
            let refused = try await client.get("/metrics")
            #expect(refused.status == 503 && refused.header("Retry-After") == "1")
            let probe = try await client.get("/healthz")
            #expect(probe.status == 200)
            release.finish()
            let first = try await slow
            #expect(first.status == 200)
        }
    }

    @Test func `a connection serves several requests`() async throws {
        try await withSidePort { client in
            let one = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let last = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            let reply = try await client.exchange(one + one + last)
            #expect(reply.text.ranges(of: "HTTP/1.1 200").count == 3)
        }
    }

    @Test(arguments: [
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "x", count: 20_000))\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\(String(repeating: "X: y\r\n", count: 65))\r\n",
        "GET /\(String(repeating: "m", count: 100_000)) HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{0}not HTTP at all\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    ])
    func `a head beyond the limits is refused and the connection closed`(bytes: String) async throws {
        try await withSidePort { client in
            let reply = try await client.exchange(bytes)
            #expect(reply.text.isEmpty || reply.status == 400)
        }
    }

    @Test(arguments: ["", "GET /metrics HTTP/1.1\r\nHost: loc"])
    func `a head that does not come is not waited for`(bytes: String) async throws {
        var limits = SidePortConfiguration.Limits()
        limits.headTime = .milliseconds(50)
        try await withSidePort(limits: limits) { client in
            let reply = try await client.exchange(bytes)
            #expect(reply.text.isEmpty)
        }
    }

    @Test func `a body is neither kept nor waited for`() async throws {
        try await withSidePort { client in
            let head = "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
            let reply = try await client.firstOfAnswer(to: head + "only the beginning")
            #expect(reply.status == 405)
        }
    }

    @Test(.timeLimit(.minutes(2))) func `an idle connection is closed`() async throws {
        var limits = SidePortConfiguration.Limits()
        // Long enough for a busy machine to make the answer first.
        limits.idleTime = .seconds(8)
        try await withSidePort(limits: limits) { client in
            let reply = try await client.exchange("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(reply.status == 200)
        }
    }

    @Test func `an address in use is named`() async throws {
        try await withSidePort { client in
            let configuration = SidePortConfiguration(port: client.port)
            let second: any Service = SidePort(
                configuration: configuration, source: FakeSource(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            await #expect(throws: SidePortError.addressInUse("127.0.0.1:\(client.port)")) {
                try await second.run()
            }
        }
    }

    @Test func `who waits for the port learns why there is none`() async throws {
        let sidePort = SidePort(
            configuration: SidePortConfiguration(host: "no-such-host.invalid", port: 0), source: FakeSource(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await #expect(throws: SidePortError.self) { try await sidePort.run() }
        await #expect(throws: SidePortError.self) { try await sidePort.port() }
    }
}
