/// Why a request is answered with an error; the connection closes after the answer.
package enum HTTPRefusal: Error, Equatable, Sendable {
    case malformedRequestLine
    case malformedTarget
    case malformedField
    /// A line that goes on in the next one, deprecated since RFC 7230 and read differently by everyone.
    case foldedField
    /// A line feed without its carriage return.
    case bareLineFeed
    case hostMissing
    case hostRepeated
    case hostMalformed
    /// An absolute target that names another authority than the Host field.
    case hostMismatch
    /// `Transfer-Encoding`, or a `Content-Length` other than one `0`: no request here has a body.
    case body
    /// More bytes given to a parser that has already answered.
    case secondRequest
    case notFound
    case methodNotAllowed(Route)
    case methodUnknown
    case timedOut
    case headTooLarge(byteLimit: Int)
    case requestLineTooLong(byteLimit: Int)
    case tooManyFields(limit: Int)
    /// Over a connection or accept limit, or draining.
    case unavailable(retryAfterSeconds: Int)
    /// Something of ours failed.
    case `internal`
    case versionUnsupported
    case upgrade(UpgradeRefusal)
    /// A request that only a page of this host may make, and whose Origin is another, or missing.
    case foreignPage
    /// A guest without a usable name, or without a secret of its own.
    case guest
    case tooManyRequests(retryAfterSeconds: Int)
    /// The token of the request was verified and refused; why is for the journal, not for strangers.
    case unauthorized

    /// The closed label set for metrics and events.
    package enum Label: String, CaseIterable, Sendable {
        case syntax, host, body, method, timeout, unavailable, version, upgrade
        case tooLarge = "too_large"
        case notFound = "not_found"
        case origin, guest, rate
    }

    package var label: Label {
        switch self {
        case .malformedRequestLine, .malformedTarget, .malformedField, .foldedField, .bareLineFeed,
            .secondRequest:
            .syntax
        case .hostMissing, .hostRepeated, .hostMalformed, .hostMismatch: .host
        case .body: .body
        case .notFound: .notFound
        case .methodNotAllowed, .methodUnknown: .method
        case .timedOut: .timeout
        case .headTooLarge, .requestLineTooLong, .tooManyFields: .tooLarge
        case .unavailable, .internal: .unavailable
        case .versionUnsupported: .version
        case .upgrade, .unauthorized: .upgrade
        case .foreignPage: .origin
        case .guest: .guest
        case .tooManyRequests: .rate
        }
    }

    package var status: HTTPStatus {
        switch self {
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .methodUnknown: .notImplemented
        case .timedOut: .requestTimeout
        case .headTooLarge, .requestLineTooLong, .tooManyFields: .headTooLarge
        case .unavailable, .internal: .unavailable
        case .versionUnsupported: .versionNotSupported
        case .upgrade(let refusal): refusal.status
        case .unauthorized: .unauthorized
        case .foreignPage: .forbidden
        case .tooManyRequests: .tooManyRequests
        default: .badRequest
        }
    }

    /// One sentence for the person at the other end; holds nothing the request said.
    package var explanation: String {
        switch self {
        case .malformedRequestLine: "The request line is not 'METHOD target HTTP/1.1'."
        case .malformedTarget: "The request target is malformed."
        case .malformedField: "A header field is malformed."
        case .foldedField: "Header fields must not be folded over several lines."
        case .bareLineFeed: "Lines must end with CR LF."
        case .hostMissing: "The Host field is missing."
        case .hostRepeated: "The Host field must appear once."
        case .hostMalformed: "The Host field is malformed."
        case .hostMismatch: "The request target and the Host field name different hosts."
        case .body: "Requests here have no body: no Transfer-Encoding, no Content-Length other than 0."
        case .secondRequest: "This connection takes one request."
        case .notFound: "Nothing here. WebSocket clients connect to \(Route.webSocket.rawValue)."
        case .methodNotAllowed: "This path does not take that method."
        case .methodUnknown: "This method is not known here."
        case .timedOut: "The request did not arrive in time."
        case .headTooLarge(let limit): "The request head is over \(limit) bytes."
        case .requestLineTooLong(let limit): "The request line is over \(limit) bytes."
        case .tooManyFields(let limit): "The request has more than \(limit) header fields."
        case .unavailable: "This relay takes no new connections at the moment."
        case .internal: "This relay could not do that; try again in a moment."
        case .versionUnsupported: "Only HTTP/1.1 is spoken here."
        case .upgrade(let refusal): refusal.explanation
        case .unauthorized: "The bearer token was refused."
        case .foreignPage: "Only the page of this host may ask for this."
        case .guest: "A name has 1 to 32 characters that can be seen."
        case .tooManyRequests: "Too many requests from this address; try again in a moment."
        }
    }

    /// Fields the answer needs besides the common ones.
    var fields: [HTTPField] {
        switch self {
        case .methodNotAllowed(let route): [route.allow]
        case .unavailable(let seconds), .tooManyRequests(let seconds):
            [HTTPField(name: "Retry-After", value: String(max(0, seconds)))].compactMap { $0 }
        case .unauthorized: [HTTPField("WWW-Authenticate", "Bearer error=\"invalid_token\"")]
        case .upgrade(let refusal) where refusal.status == .upgradeRequired:
            [HTTPField("Upgrade", "websocket"), HTTPField("Sec-WebSocket-Version", "13")]
        default: []
        }
    }
}
