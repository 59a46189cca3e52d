import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// An answer before it is HTTP.
struct Answer: Sendable {
    let status: HTTPResponse.Status
    var headers: HTTPFields
    private let body: Body

    private enum Body: Sendable {
        case whole([UInt8])
        /// Goes on until it ends or the client leaves.
        case stream(AsyncStream<ByteBuffer>)
        case tap(TapStream)
        case entries(JournalStream)
    }

    init(_ status: HTTPResponse.Status, _ contentType: String, _ body: [UInt8]) {
        self.status = status
        self.body = .whole(body)
        headers = Self.common
        headers[.contentType] = contentType
    }

    private init(stream: AsyncStream<ByteBuffer>) { self.init(events: .stream(stream)) }

    /// Server-sent events that are for one follower alone.
    init(tap stream: TapStream) { self.init(events: .tap(stream)) }

    init(entries stream: JournalStream) { self.init(events: .entries(stream)) }

    private init(events: Body) {
        status = .ok
        body = events
        headers = Self.common
        headers[.contentType] = Self.eventStream
    }

    /// The media type of server-sent events.
    static let eventStream = "text/event-stream"

    /// Server-sent events to one follower; `lastEventID` is what it saw last, when it comes back.
    static func events(of feed: EventFeed, after lastEventID: String?) -> Answer {
        feed.follow(after: lastEventID).map(Answer.init(stream:)) ?? .busy
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
        switch body {
        case .whole(let bytes):
            headers[.contentLength] = String(bytes.count)
            guard method != .head else { return Response(status: status, headers: headers) }
            return Response(
                status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        case .stream(let parts):
            guard method != .head else { return Response(status: status, headers: headers) }
            return Response(status: status, headers: headers, body: ResponseBody(asyncSequence: parts))
        case .tap(let parts):
            return Response(status: status, headers: headers, body: ResponseBody(asyncSequence: parts))
        case .entries(let parts):
            return Response(status: status, headers: headers, body: ResponseBody(asyncSequence: parts))
        }
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
}
