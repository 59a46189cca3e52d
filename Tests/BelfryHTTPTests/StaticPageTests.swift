import BelfryHTTP
import Testing

@Suite("A page that stays the same")
struct StaticPageTests {
    static let page = StaticPage(
        document: "<!doctype html>\u{E4}", style: "p{}", script: "go()",
        sha256: { bytes in Array(repeating: bytes[0], count: 32) })

    private func answer(_ method: String, _ fields: (String, String)...) throws -> (status: Int, text: String)
    {
        let request = fields.reduce(RequestText(line: "\(method) / HTTP/1.1", fields: [("Host", "a")])) {
            $0.adding($1.0, $1.1)
        }
        let answer = Self.page.answer(to: try request.head())
        return (answer.status.rawValue, String(decoding: answer.bytes, as: UTF8.self))
    }

    private func tag(_ text: String) throws -> String {
        let line = try #require(text.split(separator: "\r\n").first { $0.hasPrefix("ETag: ") })
        return String(line.dropFirst(6))
    }

    @Test func `it comes whole, with its length in bytes`() throws {
        let (status, text) = try answer("GET")
        #expect(status == 200)
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(text.contains("\r\nContent-Length: 17\r\n"))
        #expect(text.contains("\r\nContent-Type: text/html; charset=utf-8\r\n"))
        #expect(text.hasSuffix("\r\n\r\n<!doctype html>\u{E4}"))
    }

    @Test func `HEAD gets the same head and nothing behind it`() throws {
        let whole = try answer("GET").text, head = try answer("HEAD").text
        #expect(head + "<!doctype html>\u{E4}" == whole)
    }

    @Test func `its policy allows its own style and script by digest, and a connection to its host`() throws {
        let text = try answer("GET").text
        let policy = try #require(
            text.split(separator: "\r\n").first { $0.hasPrefix("Content-Security-Policy: ") })
        // 32 times the first byte: "p" and "g".
        #expect(policy.contains("style-src 'sha256-cHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHA='; "))
        #expect(policy.contains("script-src 'sha256-Z2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2c='; "))
        for rule in [
            "default-src 'none'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'",
            "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
        ] { #expect(policy.contains(rule), "\(rule)") }
        #expect(!policy.contains("unsafe"))
    }

    @Test(arguments: [
        "Strict-Transport-Security: max-age=63072000", "X-Content-Type-Options: nosniff",
        "Referrer-Policy: no-referrer", "Cache-Control: no-cache", "Connection: close",
        "Cross-Origin-Opener-Policy: same-origin",
    ])
    func `each of its answers keeps the browser strict`(field: String) throws {
        let known = try tag(try answer("GET").text)
        for text in [
            try answer("GET").text, try answer("HEAD").text, try answer("GET", ("If-None-Match", known)).text,
        ] {
            #expect(text.split(separator: "\r\n").contains { $0 == field })
            #expect(!text.contains("Set-Cookie"))
        }
    }

    @Test func `who has it already is told so, and who has another gets it`() throws {
        let known = try tag(try answer("GET").text)
        for value in [known, "W/\(known)", "\"other\", \(known)", "*"] {
            let (status, text) = try answer("GET", ("If-None-Match", value))
            #expect(status == 304)
            #expect(text.hasSuffix("\r\n\r\n") && text.contains("ETag: \(known)"))
        }
        for value in ["\"other\"", "", known.replacing("\"", with: "")] {
            #expect(try answer("GET", ("If-None-Match", value)).status == 200)
        }
    }
}
