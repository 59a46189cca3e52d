import BelfryAPI
import BelfryProtocol
import Foundation
import Logging
import Synchronization
import Testing

@testable import BelfrySidePort

/// A server API that answers each call with what it was.
private final class EchoAPI: APIService {
    let keys: APIKeys
    private let state = Mutex<(commands: [APICommand], calls: [APICall])>(([], []))

    init(_ keys: [APIKey]) { self.keys = APIKeys(keys) }

    var commands: [APICommand] { state.withLock { $0.commands } }
    var calls: [APICall] { state.withLock { $0.calls } }

    func unixSeconds() -> Int64 { 1_000 }

    func run(_ command: APICommand, for key: APIKey) async -> APIOutcome {
        state.withLock { $0.commands.append(command) }
        return command == .rpc ? .failure(.notAvailable) : .success(.done)
    }

    func note(_ call: APICall) { state.withLock { $0.calls.append(call) } }
}

@Suite("Server API on the side port", .timeLimit(.minutes(1)))
struct APITests {
    private static let keys = [
        APIKey(name: "shop", key: Array("shop-key".utf8), scopes: [.method(.publish)]),
        APIKey(name: "old", key: Array("old-key".utf8), scopes: [.all], expiresAt: 1_000),
        APIKey(name: "root", key: Array("root-key".utf8), scopes: [.all]),
    ]

    private let api = EchoAPI(keys)

    private func withAPI<Result: Sendable>(
        _ api: EchoAPI? = nil, limits: SidePortConfiguration.Limits = .init(),
        _ body: @Sendable (RawClient) async throws -> Result
    ) async throws -> Result {
        try await withSidePort(limits: limits, api: api ?? self.api, body)
    }

    private func post(_ client: RawClient, _ path: String, _ body: String = "{}", _ fields: String...)
        async throws -> RawClient.Reply
    {
        let all =
            [
                "POST \(path) HTTP/1.1", "Host: localhost", "Connection: close",
                "Content-Length: \(body.utf8.count)",
            ] + fields
        return try await client.exchange(all.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    @Test func `a key lets in by either header`() async throws {
        try await withAPI { client in
            for field in [
                "X-API-Key: root-key", "Authorization: apikey root-key", "authorization: APIKEY root-key",
            ] {
                let reply = try await post(client, "/api/info", "{}", field)
                #expect(reply.status == 200 && reply.body == "{\"result\":{}}\n")
                #expect(reply.header("Content-Type") == "application/json")
                #expect(reply.header("Cache-Control") == "no-store")
            }
        }
        #expect(api.commands == [.info, .info, .info])
    }

    @Test(
        "nobody else is let in",
        arguments: [
            (["X-API-Key: wrong"], "", APIDenial.unknown), ([], "", .missing), (["X-API-Key:"], "", .missing),
            (["X-API-Key: old-key"], "", .expired),
            (["X-API-Key: root-key", "X-API-Key: root-key"], "", .missing),
            (["X-API-Key: root-key", "Authorization: apikey root-key"], "", .missing),
            (["Authorization: Bearer root-key"], "", .missing), ([], "?api_key=root-key", .missing),
        ]) func unauthorized(fields: [String], query: String, denial: APIDenial) async throws
    {
        try await withAPI { client in
            let head =
                ["POST /api/publish\(query) HTTP/1.1", "Host: localhost", "Connection: close"] + fields
            // The body does not come, and is not waited for.
            let reply = try await client.exchange(
                (head + ["Content-Length: 1000000"]).joined(separator: "\r\n") + "\r\n\r\n")
            #expect(reply.status == 401 && reply.header("WWW-Authenticate") == "apikey")
            #expect(!reply.text.contains("root-key"))
        }
        #expect(api.commands.isEmpty)
        #expect(api.calls.map(\.end) == [.denied(denial)] && api.calls[0].writes == [.publish])
    }

    @Test func `a key without the scope is refused by name`() async throws {
        try await withAPI { client in
            let reply = try await post(client, "/api/disconnect", "{}", "X-API-Key: shop-key")
            #expect(reply.status == 403 && reply.body.contains("the key shop has no scope for disconnect"))
            let published = try await post(client, "/api/publish", "{}", "X-API-Key: shop-key")
            #expect(published.status == 200)
        }
        #expect(api.calls.map(\.end) == [.denied(.scope), .done])
        #expect(api.calls.map(\.actor) == ["shop", "shop"] && api.calls.map(\.status) == [403, 200])
    }

    @Test(arguments: ["/api/fly", "/api/", "/api/publish/", "/api/PUBLISH", "/api//publish", "/api/v3/x"])
    func `an unknown method is answered 404 with those that are known`(path: String) async throws {
        try await withAPI { client in
            let reply = try await post(client, path, "{}", "X-API-Key: root-key")
            #expect(reply.status == 404 && reply.body.contains("known are publish, broadcast"))
        }
        #expect(api.calls.map(\.method) == [nil] && api.calls[0].end == .refused)
    }

    @Test(arguments: ["GET", "PUT", "DELETE", "OPTIONS", "HEAD"])
    func `only POST is answered`(method: String) async throws {
        try await withAPI { client in
            let reply = try await client.get("/api/info", method: method, "X-API-Key: root-key")
            #expect(reply.status == 405 && reply.header("Allow") == "POST")
        }
    }

    @Test func `without keys the API is off, and says so`() async throws {
        try await withAPI(EchoAPI([])) { client in
            let reply = try await post(client, "/api/info", "{}", "X-API-Key: root-key")
            #expect(reply.status == 404 && reply.body.contains("api.keys"))
        }
    }

    @Test func `a foreign Host is not answered`() async throws {
        try await withAPI { client in
            let reply = try await client.exchange(
                "POST /api/info HTTP/1.1\r\nHost: evil.example\r\nX-API-Key: root-key\r\nConnection: close\r\n"
                    + "Content-Length: 2\r\n\r\n{}")
            #expect(reply.status == 421)
        }
        #expect(api.commands.isEmpty)
    }

    @Test func `what is no JSON is answered 400 with its place and without its text`() async throws {
        try await withAPI { client in
            let reply = try await post(
                client, "/api/publish", "{\"channel\":<script>}", "X-API-Key: root-key")
            #expect(reply.status == 400 && reply.body.contains("publish") && !reply.body.contains("script"))
        }
        #expect(api.calls.map(\.end) == [.refused])
    }

    @Test(arguments: [true, false]) func `a body has a limit, announced or not`(isAnnounced: Bool)
        async throws
    {
        var limits = SidePortConfiguration.Limits()
        limits.bodyByteCount = 1_000
        try await withAPI(limits: limits) { [limits] client in
            for (count, status) in [(limits.bodyByteCount, 200), (limits.bodyByteCount + 1, 413)] {
                let body = "{\"a\":\"" + String(repeating: "x", count: count - 8) + "\"}"
                let head =
                    "POST /api/info HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-API-Key: root-key\r\n"
                let bytes =
                    isAnnounced
                    ? "Content-Length: \(count)\r\n\r\n\(body)"
                    : "Transfer-Encoding: chunked\r\n\r\n\(String(count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
                let reply = try await client.exchange(head + bytes)
                #expect(reply.status == status, "\(reply.text)")
            }
        }
    }

    @Test func `a body that does not come is not waited for`() async throws {
        var limits = SidePortConfiguration.Limits()
        limits.bodyTime = .milliseconds(100)
        try await withAPI(limits: limits) { client in
            let reply = try await client.exchange(
                "POST /api/info HTTP/1.1\r\nHost: localhost\r\nX-API-Key: root-key\r\nContent-Length: 10\r\n\r\n{"
            )
            #expect(reply.text.isEmpty || reply.status == 413)
        }
        #expect(api.commands.isEmpty)
    }

    @Test func `callers beyond their number are told to come back, and scrapers are served`() async throws {
        var limits = SidePortConfiguration.Limits()
        limits.callers = 1
        try await withAPI(limits: limits) { client in
            let held =
                "POST /api/info HTTP/1.1\r\nHost: localhost\r\nX-API-Key: root-key\r\nContent-Length: 2\r\n\r\n{}"
            try await client.hold(held) {
                let refused = try await post(client, "/api/info", "{}", "X-API-Key: root-key")
                #expect(refused.status == 503 && refused.header("Retry-After") == "1")
                let scrape = try await client.get("/metrics")
                #expect(scrape.status == 200)
            }
        }
    }

    @Test func `what a batch writes is noted once for each kind, and only what the key may`() async throws {
        let body =
            #"{"commands":[{"publish":{}},{"publish":{}},{"info":{}},{"refresh":{}}]}"#
        try await withAPI { client in
            _ = try await post(client, "/api/batch", body, "X-API-Key: root-key")
            _ = try await post(client, "/api/batch", body, "X-API-Key: shop-key")
            _ = try await post(client, "/api/rpc", "", "X-API-Key: shop-key")
        }
        #expect(api.calls.map(\.writes) == [[.publish, .refresh], [.publish], []])
        #expect(api.calls.map(\.end) == [.done, .done, .failed])
        #expect(api.calls.allSatisfy { $0.peerAddress == "127.0.0.1" })
    }
}
