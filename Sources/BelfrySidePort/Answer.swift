import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// An answer before it is HTTP.
struct Answer: Sendable {
    let status: HTTPResponse.Status
    private var headers: HTTPFields
    private let body: [UInt8]

    /// The Accept field is named in Vary where it chose the format.
    init(_ status: HTTPResponse.Status, _ contentType: String, _ body: [UInt8], varies: Bool = false) {
        self.status = status
        self.body = body
        headers = Self.common
        headers[.contentType] = contentType
        if varies { headers[.vary] = "Accept" }
    }

    /// Nothing may be framed, sniffed, cached, or read from elsewhere; and no word that opens cross-origin
    /// reading.
    private static let common: HTTPFields = {
        var fields: HTTPFields = [.cacheControl: "no-store", .xContentTypeOptions: "nosniff"]
        fields[.contentSecurityPolicy] =
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        for (name, value) in [
            ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ] {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return fields
    }()

    func response(to method: HTTPRequest.Method) -> Response {
        var headers = headers
        headers[.contentLength] = String(body.count)
        guard method != .head else { return Response(status: status, headers: headers) }
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}

extension Answer {
    static func text(_ status: HTTPResponse.Status, _ text: String) -> Answer {
        Answer(status, "text/plain; charset=utf-8", Array((text + "\n").utf8))
    }

    static func lines(_ status: HTTPResponse.Status, _ lines: [String]) -> Answer {
        text(status, lines.joined(separator: "\n"))
    }

    static func json(_ status: HTTPResponse.Status, _ value: some Encodable) -> Answer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else {
            return text(.internalServerError, "cannot be written as JSON")
        }
        return Answer(status, "application/json", Array(data) + [UInt8(ascii: "\n")])
    }

    /// Too many pages at once.
    static var busy: Answer {
        var answer = text(.serviceUnavailable, "busy: too many at once")
        answer.headers[.retryAfter] = "1"
        return answer
    }

    static var wrongMethod: Answer {
        var answer = text(.methodNotAllowed, "GET or HEAD")
        answer.headers[.allow] = "GET, HEAD"
        return answer
    }

    static var index: Answer {
        let rows = [
            ("metrics", "Prometheus and OpenMetrics"), ("healthz?verbose", "is the process alive"),
            ("readyz?verbose", "should clients be sent here"),
            ("connections", "who is connected: sort, limit, offset, state, subject, source, room"),
        ].map { "<li><a href=\"/\($0)\">/\($0)</a>: \($1)</li>" }
        let page = """
            <!doctype html><html lang="en"><head><meta charset="utf-8"><title>Belfry</title></head>
            <body><h1>Belfry</h1><p>Side port.</p><ul>
            \(rows.joined(separator: "\n"))
            </ul></body></html>

            """
        return Answer(.ok, "text/html; charset=utf-8", Array(page.utf8))
    }
}
