/// What the public port serves; paths match literally.
package enum Route: String, CaseIterable, Sendable {
    case webSocket = "/connection/websocket"
    case welcome = "/"
    case health = "/health"

    /// Finds the route of a request.
    ///
    /// - Throws: ``HTTPRefusal/notFound``, or ``HTTPRefusal/methodNotAllowed(_:)`` for a known path.
    package static func find(_ head: RequestHead) throws(HTTPRefusal) -> Route {
        let target = head.target
        guard let route = allCases.first(where: { target.hasPath($0.rawValue) }) else { throw .notFound }
        guard route.methods.contains(head.method) else { throw .methodNotAllowed(route) }
        return route
    }

    private var methods: [HTTPMethod] { self == .webSocket ? [.get] : [.get, .head] }

    var allow: HTTPField { self == .webSocket ? HTTPField("Allow", "GET") : HTTPField("Allow", "GET, HEAD") }
}
