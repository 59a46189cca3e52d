import BelfryHTTP
import Testing

@Suite("Agreeing on compression (RFC 7692, section 7.1; RFC 6455, section 9.1)")
struct DeflateAgreementTests {
    private func upgrade(_ lines: [String], allowsDeflate: Bool = true) throws -> AcceptedUpgrade {
        let request = lines.reduce(RequestText.handshake) { $0.adding("Sec-WebSocket-Extensions", $1) }
        let policy = UpgradePolicy(origins: try OriginPolicy([]), allowsDeflate: allowsDeflate)
        guard case .accept(let upgrade) = WebSocketUpgrade.decide(try request.head(), policy) else {
            throw NotAccepted()
        }
        return upgrade
    }

    private struct NotAccepted: Error {}

    /// The value of Sec-WebSocket-Extensions in the answer.
    private func answer(_ lines: [String], allowsDeflate: Bool = true) throws -> String? {
        let response = HTTPResponse.switchingProtocols(
            try upgrade(lines, allowsDeflate: allowsDeflate)
        ) { _ in [] }
        let name = "Sec-WebSocket-Extensions: "
        let text = String(decoding: response.encoded(), as: UTF8.self)
        return text.split(separator: "\r\n").first { $0.hasPrefix(name) }.map {
            String($0.dropFirst(name.count))
        }
    }

    private static let agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

    @Test(
        "offers that are accepted, and the answer",
        arguments: [
            ("permessage-deflate", ""),
            ("permessage-deflate;", nil),
            ("permessage-deflate; client_max_window_bits", ""),
            ("permessage-deflate; client_max_window_bits=8", ""),
            ("permessage-deflate; client_max_window_bits=15", ""),
            ("permessage-deflate; server_no_context_takeover", ""),
            ("permessage-deflate; client_no_context_takeover", ""),
            ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", ""),
            ("permessage-deflate; server_max_window_bits=15", "; server_max_window_bits=15"),
            ("permessage-deflate; server_max_window_bits=8", "; server_max_window_bits=8"),
            ("permessage-deflate; server_max_window_bits=\"10\"", "; server_max_window_bits=10"),
            ("permessage-deflate; server_max_window_bits=\"1\\0\"", "; server_max_window_bits=10"),
            (
                "permessage-deflate;server_max_window_bits = 12 ;client_max_window_bits",
                "; server_max_window_bits=12"
            ),
            ("  permessage-deflate\t;\tclient_max_window_bits  ", ""),
            (", ,permessage-deflate, ,", ""),
        ] as [(String, String?)])
    func accepted(offer: String, addition: String?) throws {
        #expect(try answer([offer]) == addition.map { Self.agreed + $0 })
    }

    @Test(
        "offers that are declined, without turning the client away",
        arguments: [
            "", "permessage-bzip2", "x-webkit-deflate-frame", "deflate", "Permessage-Deflate",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=7", "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_max_window_bits=08", "permessage-deflate; server_max_window_bits=+8",
            "permessage-deflate; server_max_window_bits=0", "permessage-deflate; server_max_window_bits=150",
            "permessage-deflate; server_max_window_bits=99999999999999999999",
            "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
            "permessage-deflate; client_max_window_bits=7", "permessage-deflate; client_max_window_bits=16",
            "permessage-deflate; client_max_window_bits=08",
            "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
            "permessage-deflate; server_no_context_takeover=true",
            "permessage-deflate; client_no_context_takeover=\"1\"",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; unknown", "permessage-deflate; unknown=1",
            "permessage-deflate; Server_Max_Window_Bits=10",
        ])
    func declined(offer: String) throws {
        #expect(try answer([offer]) == nil)
        // The next offer has its turn, on the same line or another.
        let good = "permessage-deflate; server_max_window_bits=9"
        let expected = Self.agreed + "; server_max_window_bits=9"
        #expect(try answer([offer + ", " + good]) == expected)
        #expect(try answer([offer, good]) == expected)
    }

    @Test(
        "a field that breaks the grammar agrees on nothing",
        arguments: [
            "permessage-deflate server_no_context_takeover", "permessage-deflate; =10",
            "; permessage-deflate",
            "permessage-deflate; server_max_window_bits=", "permessage-deflate; server_max_window_bits=\"\"",
            "permessage-deflate; server_max_window_bits=\"10",
            "permessage-deflate; server_max_window_bits=10\"",
            "permessage-deflate; x=\"a,permessage-deflate,b\"", "permessage-deflate; x=\"a\\\"b\"",
            "permessage-deflate; x=\"a\\", "permessage-deflate; server_max_window_bits=1 0",
            "permessage-deflate; server_max_window_bits==10", "permessage-deflate/1",
            "\"permessage-deflate\"",
        ])
    func malformed(line: String) throws {
        #expect(try answer([line]) == nil)
        #expect(try answer(["permessage-deflate, " + line]) == nil)
        #expect(try answer([line, "permessage-deflate"]) == nil)
    }

    @Test func `the first acceptable offer wins, in the order of the client`() throws {
        let offers = [
            "permessage-deflate; server_max_window_bits=7, foo, permessage-deflate; server_max_window_bits=10",
            "permessage-deflate",
        ]
        #expect(try answer(offers) == Self.agreed + "; server_max_window_bits=10")
        #expect(try answer(offers.reversed()) == Self.agreed)
    }

    @Test func `nothing is agreed on while compression is off`() throws {
        #expect(try answer(["permessage-deflate"], allowsDeflate: false) == nil)
        #expect(try upgrade(["permessage-deflate"], allowsDeflate: false).deflate == nil)
    }

    @Test func `a small window bounds what may be compressed, the largest does not`() {
        for bits in 8...14 as ClosedRange<UInt8> {
            #expect(DeflateAgreement(serverWindowBits: bits).payloadBytesMax == 1 << Int(bits))
        }
        #expect(DeflateAgreement(serverWindowBits: 15).payloadBytesMax == .max)
        #expect(DeflateAgreement(serverWindowBits: nil).payloadBytesMax == .max)
    }

    @Test func `the longest line of offers a head can hold is judged at once`() throws {
        // Quadratic work would take minutes.
        let offers = Array(repeating: "permessage-deflate;a", count: 180).joined(separator: ",")
        let parameters = "permessage-deflate" + String(repeating: ";client_max_window_bits", count: 150)
        #expect(try answer([offers]) == nil)
        #expect(try answer([parameters, "permessage-deflate"]) == Self.agreed)
    }
}
