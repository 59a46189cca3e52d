import BelfryHTTP

/// A request written down line by line.
struct RequestText {
    var line = "GET /connection/websocket HTTP/1.1"
    var fields: [(String, String)] = []

    static let handshakeKey = "dGhlIHNhbXBsZSBub25jZQ=="

    /// What a browser sends, without an Origin.
    static var handshake: RequestText {
        RequestText(fields: [
            ("Host", "relay.test"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", handshakeKey),
        ])
    }

    func target(_ target: String) -> RequestText {
        var copy = self
        copy.line = "GET \(target) HTTP/1.1"
        return copy
    }

    func adding(_ name: String, _ value: String) -> RequestText {
        var copy = self
        copy.fields.append((name, value))
        return copy
    }

    func setting(_ name: String, _ value: String) -> RequestText { removing(name).adding(name, value) }

    func removing(_ name: String) -> RequestText {
        var copy = self
        copy.fields.removeAll { $0.0 == name }
        return copy
    }

    var bytes: [UInt8] {
        Array((line + "\r\n" + fields.map { "\($0): \($1)\r\n" }.joined() + "\r\n").utf8)
    }

    func head() throws -> RequestHead { try parse(bytes).get() }
}

/// Parses bytes given at once.
func parse(_ bytes: [UInt8], limits: HeadLimits = HeadLimits()) -> Result<RequestHead, ParseFailure> {
    parse([bytes], limits: limits)
}

/// Parses bytes given in pieces.
func parse(_ pieces: [[UInt8]], limits: HeadLimits = HeadLimits()) -> Result<RequestHead, ParseFailure> {
    var parser = RequestHeadParser(limits: limits)
    do throws(HTTPRefusal) {
        for piece in pieces {
            if let (head, _) = try parser.consume(piece.span) { return .success(head) }
        }
        return .failure(.unfinished)
    } catch {
        return .failure(.refused(error))
    }
}

enum ParseFailure: Error, Equatable {
    case refused(HTTPRefusal)
    case unfinished
}
