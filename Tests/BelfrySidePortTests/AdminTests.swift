import BelfryAPI
import BelfryObserve
import Synchronization
import Testing

@testable import BelfrySidePort

private final class FakeAdmin: AdminService {
    let keys: APIKeys
    private let state = Mutex<(orders: [AdminDeed], notes: [String])>(([], []))
    let isDraining: Bool

    init(_ keys: [APIKey], isDraining: Bool = false) {
        self.keys = APIKeys(keys)
        self.isDraining = isDraining
    }

    var orders: [AdminDeed] { state.withLock { $0.orders } }
    var notes: [String] { state.withLock { $0.notes } }

    func unixSeconds() -> Int64 { 1_000 }

    func order(_ deed: AdminDeed) -> Bool {
        guard !isDraining else { return false }
        state.withLock { $0.orders.append(deed) }
        return true
    }

    func note(_ deed: AdminDeed, actor: String, peer: String, status: Int) {
        state.withLock { $0.notes.append("\(deed.rawValue) \(actor) \(peer) \(status)") }
    }

    func refused(_ denial: APIDenial, path: String, actor: String?, peer: String, status: Int) {
        state.withLock { $0.notes.append("\(denial) \(path) \(actor ?? "-") \(status)") }
    }
}

@Suite("Orders on the side port", .timeLimit(.minutes(1))) struct AdminTests {
    private static let keys = [
        APIKey(name: "deploy", key: Array("deploy-key".utf8), scopes: [.admin]),
        APIKey(name: "root", key: Array("root-key".utf8), scopes: [.all, .events, .tapBodies]),
    ]

    private func send(
        _ service: FakeAdmin, _ path: String, key: String? = "deploy-key", method: String = "POST"
    ) async throws -> RawClient.Reply {
        let field = key.map { "X-API-Key: \($0)" } ?? "X-Nothing: x"
        return try await withSidePort(admin: service) { client in
            try await client.get(path, method: method, field, "Content-Length: 0")
        }
    }

    @Test(arguments: AdminDeed.allCases)
    func `an order is taken from whoever has the scope, and noted`(deed: AdminDeed) async throws {
        let service = FakeAdmin(Self.keys)
        let reply = try await send(service, "/-/\(deed.rawValue)")
        #expect(reply.status == 202 && reply.body == "{\"accepted\":\"\(deed.rawValue)\"}\n")
        #expect(service.orders == [deed] && service.notes == ["\(deed.rawValue) deploy 127.0.0.1 202"])
    }

    @Test(
        arguments: [
            (nil, 401, "missing /-/drain - 401"), ("nobody", 401, "unknown /-/drain - 401"),
            ("root-key", 403, "scope /-/drain root 403"),
        ] as [(String?, Int, String)])
    func `it is taken from nobody else`(key: String?, status: Int, note: String) async throws {
        let service = FakeAdmin(Self.keys)
        #expect(try await send(service, "/-/drain", key: key).status == status)
        #expect(service.orders == [] && service.notes == [note])
    }

    @Test(arguments: ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
    func `only a POST is an order`(method: String) async throws {
        let service = FakeAdmin(Self.keys)
        let reply = try await send(service, "/-/reload", method: method)
        #expect(reply.status == 405 && reply.header("Allow") == "POST")
        #expect(service.orders == [] && service.notes == [])
    }

    @Test func `a relay that ends takes none, one without keys knows none`() async throws {
        let ending = FakeAdmin(Self.keys, isDraining: true)
        #expect(try await send(ending, "/-/reload").status == 409)
        #expect(ending.notes == ["reload deploy 127.0.0.1 409"])
        #expect(try await send(FakeAdmin([]), "/-/reload").status == 404)
        for path in ["/-/", "/-/quit", "/-/drain/", "/-/DRAIN", "/-"] {
            #expect(try await send(FakeAdmin(Self.keys), path).status == 404, "\(path)")
        }
    }
}
