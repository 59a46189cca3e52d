import BelfryHTTP
import Testing

@Suite("What two readers could read differently (RFC 9112, section 11.2)")
struct SmugglingTests {
    private func refusal(_ text: String) -> HTTPRefusal? {
        guard case .failure(.refused(let refusal)) = parse(Array(text.utf8)) else { return nil }
        return refusal
    }

    @Test(
        "request lines",
        arguments: [
            ("GET / HTTP/1.1", nil), ("HEAD / HTTP/1.1", nil),
            ("", .malformedRequestLine), ("GET", .malformedRequestLine), ("GET /", .malformedRequestLine),
            ("GET  / HTTP/1.1", .malformedRequestLine), ("GET / HTTP/1.1 ", .malformedRequestLine),
            (" GET / HTTP/1.1", .malformedRequestLine), ("GET\t/ HTTP/1.1", .malformedRequestLine),
            ("GET / / HTTP/1.1", .malformedRequestLine), ("G(T / HTTP/1.1", .malformedRequestLine),
            ("GET / http/1.1", .malformedRequestLine), ("GET / HTTP/1.1x", .malformedRequestLine),
            ("GET / HTTP/11", .malformedRequestLine), ("GET / HTTP/1,1", .malformedRequestLine),
            ("GET / HTTP/1.0", .versionUnsupported), ("GET / HTTP/0.9", .versionUnsupported),
            ("GET / HTTP/1.2", .versionUnsupported), ("PRI * HTTP/2.0", .versionUnsupported),
            ("GET / HTTP/3.0", .versionUnsupported),
            ("get / HTTP/1.1", .methodUnknown), ("BREW / HTTP/1.1", .methodUnknown),
            ("GET * HTTP/1.1", .malformedTarget), ("CONNECT h:443 HTTP/1.1", .malformedTarget),
            ("GET index.html HTTP/1.1", .malformedTarget), ("GET ftp://h/ HTTP/1.1", .malformedTarget),
            ("GET http:///x HTTP/1.1", .malformedTarget), ("GET //h/x HTTP/1.1", nil),
            ("GET /#f HTTP/1.1", .malformedTarget), ("GET /?a#f HTTP/1.1", .malformedTarget),
            ("GET /\u{0} HTTP/1.1", .malformedTarget), ("GET /\u{7F} HTTP/1.1", .malformedTarget),
            ("GET /\u{E4} HTTP/1.1", .malformedTarget), ("GET /\r HTTP/1.1", .malformedTarget),
            ("GET /\\x HTTP/1.1", .malformedTarget), ("GET /%00 HTTP/1.1", .malformedTarget),
            ("GET /?a=%00 HTTP/1.1", .malformedTarget), ("GET /%2 HTTP/1.1", .malformedTarget),
            ("GET /% HTTP/1.1", .malformedTarget), ("GET /%zz HTTP/1.1", .malformedTarget),
            ("GET /%41?b=%C3%A4 HTTP/1.1", nil), ("GET /?a={b|c} HTTP/1.1", nil),
            ("GET https://h/ HTTP/1.1", nil), ("GET HTTPS://H/ HTTP/1.1", nil),
            ("GET http://h?q HTTP/1.1", nil),
            ("GET https://other/ HTTP/1.1", .hostMismatch), ("GET https://h@other/ HTTP/1.1", .hostMismatch),
            ("GET https://h:443/ HTTP/1.1", .hostMismatch),
        ] as [(String, HTTPRefusal?)])
    func requestLines(line: String, expected: HTTPRefusal?) {
        #expect(refusal(line + "\r\nHost: h\r\n\r\n") == expected)
    }

    @Test(
        "fields",
        arguments: [
            ("A: b", nil), ("A:b", nil), ("A:", nil), ("A: \tb\t ", nil), ("A: \u{FF}", nil), ("A: a:b", nil),
            ("A : b", .malformedField), ("A\t: b", .malformedField), (": b", .malformedField),
            ("A", .malformedField), ("A b: c", .malformedField), ("A(: c", .malformedField),
            ("\u{E4}: c", .malformedField), ("A: b\u{0}c", .malformedField), ("A: b\u{1}c", .malformedField),
            ("A: b\u{7F}", .malformedField), ("A: b\rc", .malformedField), ("A: b\r", .malformedField),
            (" A: b", .foldedField), ("\tA: b", .foldedField), ("A: b\r\n c", .foldedField),
            (" ", .foldedField),
            ("A: b\nC: d", .bareLineFeed), ("A: b\n\r\nC: d", .bareLineFeed), ("\nA: b", .bareLineFeed),
            ("Host: h", .hostRepeated), ("hOST: other", .hostRepeated),
            ("Content-Length: 0", nil), ("Content-Length: 1", .body), ("content-length: 00", .body),
            ("Content-Length: +0", .body), ("Content-Length: -0", .body), ("Content-Length:", .body),
            ("Content-Length: 0, 0", .body), ("Content-Length: 0x0", .body),
            ("Content-Length: 18446744073709551616", .body),
            ("Content-Length: 0\r\nContent-Length: 0", .body),
            ("Content-Length: 0\r\nContent-Length: 5", .body),
            ("Transfer-Encoding: chunked", .body), ("Transfer-Encoding: identity", .body),
            ("transfer-encoding:", .body), ("Transfer-Encoding: \u{B}chunked", .malformedField),
            ("Transfer-Encoding : chunked", .malformedField),
            ("X: y\r\n Transfer-Encoding: chunked", .foldedField),
            ("Content-Length: 0\r\nTransfer-Encoding: chunked", .body),
        ] as [(String, HTTPRefusal?)])
    func fields(field: String, expected: HTTPRefusal?) {
        #expect(refusal("GET / HTTP/1.1\r\nHost: h\r\n\(field)\r\n\r\n") == expected)
    }

    @Test(
        "hosts",
        arguments: [
            ("h", nil), ("relay.test:8443", nil), ("127.0.0.1", nil), ("[::1]:8443", nil), ("[::1]", nil),
            ("A_b-c", nil),
            ("", .hostMalformed), ("h:", .hostMalformed), ("h:x", .hostMalformed),
            ("h:65536", .hostMalformed),
            ("h:000080", .hostMalformed), (":80", .hostMalformed), ("a b", .hostMalformed),
            ("a,b", .hostMalformed),
            ("u@h", .hostMalformed), ("h/x", .hostMalformed), ("::1", .hostMalformed),
            ("[::1", .hostMalformed),
            ("[]", .hostMalformed), ("[x]", .hostMalformed), ("[::1]x", .hostMalformed),
            ("h\u{E4}", .hostMalformed),
        ] as [(String, HTTPRefusal?)])
    func hosts(host: String, expected: HTTPRefusal?) {
        #expect(refusal("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") == expected)
    }

    @Test func `a request needs a Host field, and no empty line comes before it`() {
        #expect(refusal("GET / HTTP/1.1\r\n\r\n") == .hostMissing)
        #expect(refusal("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n") == .malformedRequestLine)
    }

    @Test func `a bare line feed is refused wherever it stands`() {
        #expect(refusal("GET / HTTP/1.1\nHost: h\r\n\r\n") == .bareLineFeed)
        #expect(refusal("GET / HTTP/1.1\r\nHost: h\r\n\n") == .bareLineFeed)
        #expect(refusal("GET / HTTP/1.1\r\r\nHost: h\r\n\r\n") == .malformedRequestLine)
    }

    @Test func `every byte below 0x20 but the tab is refused inside a value and a name`() {
        for byte in UInt8(0)..<0x20 where byte != 0x0A {
            let value = Array("GET / HTTP/1.1\r\nHost: h\r\nA: b".utf8) + [byte] + Array("c\r\n\r\n".utf8)
            #expect(parse(value) == .failure(.refused(.malformedField)) || byte == 0x09)
            let name = Array("GET / HTTP/1.1\r\nHost: h\r\nA".utf8) + [byte] + Array("B: c\r\n\r\n".utf8)
            #expect(parse(name) == .failure(.refused(.malformedField)))
        }
    }
}
