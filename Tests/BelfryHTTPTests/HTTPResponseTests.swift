import BelfryHTTP
import Testing

@Suite("Answers")
struct HTTPResponseTests {
    static let refusals: [HTTPRefusal] =
        [
            .malformedRequestLine, .malformedTarget, .malformedField, .foldedField, .bareLineFeed,
            .hostMissing,
            .hostRepeated, .hostMalformed, .hostMismatch, .body, .secondRequest, .notFound,
            .methodNotAllowed(.webSocket), .methodNotAllowed(.welcome), .methodUnknown, .timedOut,
            .headTooLarge(byteLimit: 8_192), .requestLineTooLong(byteLimit: 4_096), .tooManyFields(limit: 64),
            .unavailable(retryAfterSeconds: 5), .internal, .versionUnsupported, .foreignPage, .guest,
            .tooManyRequests(retryAfterSeconds: 2),
        ] + UpgradeRefusal.allCases.map(HTTPRefusal.upgrade)

    private func text(_ response: HTTPResponse, _ method: HTTPMethod = .get) -> String {
        String(decoding: response.encoded(for: method), as: UTF8.self)
    }

    /// A second reading of an answer: status, fields by lowercase name, body.
    private func read(_ text: String) -> (line: String, fields: [String: String], body: String) {
        let bytes = text.replacing("\r\n", with: "\n")
        let parts = bytes.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = parts[0].split(separator: "\n")
        let pairs = lines.dropFirst().map { $0.split(separator: ":", maxSplits: 1) }
        let fields = Dictionary(
            pairs.map { ($0[0].lowercased(), String($0[1].dropFirst())) },
            uniquingKeysWith: { "\($0) AND \($1)" })
        return (String(lines[0]), fields, parts.count == 2 ? String(parts[1]) : "")
    }

    private func accepted(_ request: RequestText) throws -> AcceptedUpgrade {
        let policy = UpgradePolicy(origins: try OriginPolicy([]))
        guard case .accept(let upgrade) = WebSocketUpgrade.decide(try request.head(), policy) else {
            throw HTTPRefusal.upgrade(.key)
        }
        return upgrade
    }

    @Test func `the 101 proves the key of section 1.3`() throws {
        let digest: [UInt8] = [
            0xB3, 0x7A, 0x4F, 0x2C, 0xC0, 0x62, 0x4F, 0x16, 0x90, 0xF6, 0x46, 0x06, 0xCF, 0x38, 0x59, 0x45,
            0xB2, 0xBE,
            0xC4, 0xEA,
        ]
        let offering = RequestText.handshake.adding("Sec-WebSocket-Protocol", "centrifuge-json")
        var hashed: [UInt8] = []
        let response = HTTPResponse.switchingProtocols(try accepted(offering)) { bytes in
            for index in bytes.indices { hashed.append(bytes[index]) }
            return digest
        }
        #expect(hashed == Array("dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8))
        #expect(
            text(response) == """
                HTTP/1.1 101 Switching Protocols\r
                Strict-Transport-Security: max-age=63072000\r
                Upgrade: websocket\r
                Connection: Upgrade\r
                Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
                Sec-WebSocket-Protocol: centrifuge-json\r
                \r

                """)
    }

    @Test func `a 101 names no subprotocol unless one was chosen`() throws {
        let response = HTTPResponse.switchingProtocols(try accepted(.handshake)) { _ in [] }
        #expect(!text(response).contains("Sec-WebSocket-Protocol"))
    }

    @Test("every refusal is complete, closes and explains itself", arguments: refusals)
    func refusal(refusal: HTTPRefusal) {
        let answer = read(text(.refusal(refusal)))
        #expect(answer.line == "HTTP/1.1 \(refusal.status.rawValue) \(refusal.status.reason)")
        #expect(answer.fields["strict-transport-security"] == "max-age=63072000")
        #expect(answer.fields["x-content-type-options"] == "nosniff")
        #expect(answer.fields["connection"]?.hasPrefix("close") == true)
        #expect(answer.fields["content-length"] == String(answer.body.utf8.count))
        #expect(answer.body == refusal.explanation + "\n")
        #expect(answer.body.count > 10)
    }

    @Test func `statuses are told from the refusal, and all are used`() {
        let statuses = Set(Self.refusals.map(\.status.rawValue))
        #expect(statuses == [400, 403, 404, 405, 408, 426, 429, 431, 501, 503, 505])
        #expect(Set(Self.refusals.map(\.label)) == Set(HTTPRefusal.Label.allCases))
    }

    @Test func `405, 426, 429 and 503 carry what their RFC sections ask for`() {
        #expect(read(text(.refusal(.methodNotAllowed(.webSocket)))).fields["allow"] == "GET")
        #expect(read(text(.refusal(.methodNotAllowed(.health)))).fields["allow"] == "GET, HEAD")
        #expect(read(text(.refusal(.unavailable(retryAfterSeconds: 5)))).fields["retry-after"] == "5")
        #expect(read(text(.refusal(.tooManyRequests(retryAfterSeconds: 2)))).fields["retry-after"] == "2")
        #expect(read(text(.refusal(.methodNotAllowed(.guestToken)))).fields["allow"] == "POST")
        for refusal in [UpgradeRefusal.version, .notAnUpgrade] {
            let fields = read(text(.refusal(.upgrade(refusal)))).fields
            #expect(fields["sec-websocket-version"] == "13")
            #expect(fields["upgrade"] == "websocket")
            #expect(fields["connection"] == "close, Upgrade")
        }
    }

    @Test func `the page says what this is and where to connect, and runs nothing`() {
        let answer = read(text(.welcome))
        #expect(answer.line == "HTTP/1.1 200 OK")
        #expect(answer.body.contains("Belfry chat relay"))
        #expect(answer.body.contains("/connection/websocket"))
        #expect(answer.fields["content-security-policy"]?.hasPrefix("default-src 'none'") == true)
        #expect(!answer.body.contains("<script"))
    }

    @Test func `an answer to HEAD has the length and not the body`() {
        let answer = read(text(.welcome, .head))
        #expect(answer.fields["content-length"] == String(HTTPResponse.welcome.body.count))
        #expect(answer.body.isEmpty)
    }

    @Test("health", arguments: [(HealthState.ok, 200), (.starting, 503), (.draining, 503)])
    func health(state: HealthState, status: Int) {
        let response = HTTPResponse.health(state)
        #expect(response.status.rawValue == status)
        #expect(read(text(response)).body == "{\"status\":\"\(state.rawValue)\"}\n")
    }

    @Test(
        "no field with a line break or another control character can be made",
        arguments: [
            ("A", "b\r\nC: d"), ("A", "b\n"), ("A", "b\r"), ("A", "b\u{0}"), ("A\r\nB", "c"), ("A ", "b"),
            ("", "b"),
            ("A:", "b"),
        ])
    func injection(name: String, value: String) {
        #expect(HTTPField(name: name, value: value) == nil)
    }

    @Test(
        "Base64 (RFC 4648, section 10)",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func base64(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decodedByteCount(encoded) == text.utf8.count)
    }
}
