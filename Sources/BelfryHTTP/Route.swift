/// What the public port serves; paths match literally.
package enum Route: String, CaseIterable, Sendable {
    case webSocket = "/connection/websocket"
    case welcome = "/"
    case health = "/health"
    /// A token for a guest of the chat page.
    case guestToken = "/demo/token"

    /// Finds the route of a request.
    ///
    /// - Parameters:
    ///   - head: The request.
    ///   - servesGuests: Whether there is a ``guestToken``.
    /// - Returns: The route, which takes the request's method.
    /// - Throws: ``HTTPRefusal/notFound``, or ``HTTPRefusal/methodNotAllowed(_:)`` for a known path.
    package static func find(
        _ head: RequestHead, servesGuests: Bool = false
    ) throws(HTTPRefusal) -> Route {
        let target = head.target
        guard let route = allCases.first(where: { target.hasPath($0.rawValue) }),
            servesGuests || route != .guestToken
        else { throw .notFound }
        guard route.methods.contains(head.method) else { throw .methodNotAllowed(route) }
        return route
    }

    private var methods: [HTTPMethod] {
        switch self {
        case .webSocket: [.get]
        case .welcome, .health: [.get, .head]
        case .guestToken: [.post]
        }
    }

    var allow: HTTPField {
        switch self {
        case .webSocket: HTTPField("Allow", "GET")
        case .welcome, .health: HTTPField("Allow", "GET, HEAD")
        case .guestToken: HTTPField("Allow", "POST")
        }
    }
}
