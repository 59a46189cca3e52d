import BelfryConsole
import BelfryObserve
import Crypto
import Foundation
import Testing

@testable import BelfrySidePort

@Suite("Console", .timeLimit(.minutes(1))) struct ConsoleTests {
    private static func digest(_ text: String) -> String {
        "'sha256-\(Data(SHA256.hash(data: Data(text.utf8))).base64EncodedString())'"
    }

    @Test func `the policy names the page's own style and script and allows nothing else`() async throws {
        try await withSidePort { client in
            let page = try await client.get("/")
            #expect(page.status == 200 && page.header("Content-Type") == "text/html; charset=utf-8")
            let policy = try #require(page.header("Content-Security-Policy"))
            let rules = policy.split(separator: "; ").map(String.init)
            #expect(
                Set(rules) == [
                    "default-src 'none'", "style-src \(Self.digest(ConsolePage.style))",
                    "script-src \(Self.digest(ConsolePage.script))", "connect-src 'self'", "img-src data:",
                    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
                    "require-trusted-types-for 'script'", "trusted-types 'none'",
                ])
            #expect(page.header("X-Frame-Options") == "DENY" && page.header("Cache-Control") == "no-store")
        }
    }

    @Test func `other answers keep the policy that allows nothing`() async throws {
        try await withSidePort { client in
            let reply = try await client.get("/top")
            #expect(reply.header("Content-Security-Policy")?.contains("script-src") == false)
        }
    }

    @Test func `who runs no script reads the figures`() async throws {
        let source = FakeSource()
        let registry = StatusFixture.registry()
        registry.shared.update {
            $0.set(.users, to: 4_711)
            $0.add(5, to: .connectionsClosed(.server, .noPong))
        }
        source.keeper.take(
            registry.snapshot(), StatusFixture.facts { $0.node = "tower <b>&amp;</b>" }, at: .seconds(1))
        try await withSidePort(source) { client in
            let body = try await client.get("/").body
            let figures = try #require(body.split(separator: "<noscript>").dropFirst(2).first)
            #expect(figures.contains("<h1>All is well</h1>"))
            #expect(figures.contains(#"<tr><th scope="row">Users</th><td>4711</td></tr>"#))
            #expect(figures.contains(#"<th scope="row">no_pong</th><td>server</td><td>0</td><td>5</td>"#))
            #expect(figures.contains("tower &lt;b&gt;&amp;amp;&lt;/b&gt;") && !figures.contains("<b>"))
        }
    }

    @Test func `a mark behind a bracket does not save it`() {
        #expect(ConsoleFigures.escaped("<\u{301}b>\"'&") == "&lt;\u{301}b&gt;&quot;&#39;&amp;")
    }
}
