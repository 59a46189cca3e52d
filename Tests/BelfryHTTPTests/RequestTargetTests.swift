import BelfryHTTP
import Testing

@Suite("Targets, queries and routes")
struct RequestTargetTests {
    private func query(_ text: String) throws -> RequestQuery {
        try RequestText.handshake.target("/?" + text).head().target.query
    }

    @Test(
        "the first value counts, percent-decoded on both sides",
        arguments: [
            ("format=protobuf", "protobuf"), ("format=json&format=protobuf", "json"),
            ("x=y&format=a%20b", "a b"),
            ("%66orm%61t=x", "x"), ("format=a+b", "a b"), ("format", ""), ("format=", ""),
            ("format=a=b", "a=b"),
            ("&&format=z&", "z"), ("formats=x", nil), ("", nil), ("Format=x", nil), ("format=%C3%A4", "ä"),
            ("format=?/", "?/"),
        ] as [(String, String?)])
    func values(text: String, expected: String?) throws {
        #expect(try query(text).value("format") == expected)
    }

    @Test func `an absolute target is read like an origin one`() throws {
        let head = try RequestText.handshake.target("https://relay.test/connection/websocket?a=b").head()
        #expect(try Route.find(head) == .webSocket)
        #expect(head.target.query.value("a") == "b")
        #expect(try Route.find(RequestText.handshake.target("http://relay.test").head()) == .welcome)
    }

    @Test(
        "paths match literally",
        arguments: [
            ("/", .welcome), ("/health", .health), ("/connection/websocket", .webSocket),
            ("/health?x", .health),
            ("/Health", nil), ("/health/", nil), ("//health", nil), ("/./health", nil), ("/x/../health", nil),
            ("/%68ealth", nil), ("/demo/token", nil), ("/connection", nil), ("/connection/websocket/", nil),
            ("/metrics", nil),
        ] as [(String, Route?)])
    func routes(target: String, expected: Route?) throws {
        let head = try RequestText.handshake.target(target).head()
        if let expected {
            #expect(try Route.find(head) == expected)
        } else {
            #expect(throws: HTTPRefusal.notFound) { try Route.find(head) }
        }
    }

    @Test("methods: known and wrong is 405, unknown is 501", arguments: HTTPMethod.allCases)
    func methods(method: HTTPMethod) throws {
        for route in Route.allCases {
            var text = RequestText.handshake
            text.line = "\(method.rawValue) \(route.rawValue) HTTP/1.1"
            let head = try text.head()
            let allowed: [HTTPMethod] =
                switch route {
                case .webSocket: [.get]
                case .guestToken: [.post]
                case .welcome, .health: [.get, .head]
                }
            if allowed.contains(method) {
                #expect(try Route.find(head, servesGuests: true) == route)
            } else {
                #expect(throws: HTTPRefusal.methodNotAllowed(route)) {
                    try Route.find(head, servesGuests: true)
                }
            }
        }
    }
}
