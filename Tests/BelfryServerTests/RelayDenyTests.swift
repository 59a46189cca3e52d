import BelfryAuth
import Foundation
import Testing

@testable import BelfryServer

/// Blocks and revocations on a real relay: two loops, real TLS, real sockets.
@Suite(.serialized) struct RelayDenyTests {
    private static let loopback = AddressRange(parsing: "127.0.0.0/8")

    @Test func `a blocked user is cut on every loop, stays out, and may come back when allowed`() async throws
    {
        let house = try await RelayHouse()
        defer { house.close() }
        // The kernel spreads connections over the loops by their ports: twelve are on both but once in 2,000 runs.
        let hers = try (0..<12).map { _ in try house.member(user: "ada") }
        let his = try house.member(user: "bob")
        let outcome = try await house.relay.deny(.user("ada"), by: "test")
        #expect(outcome == DenyOutcome(closedConnections: 12, isComplete: true, isDurable: false))
        for client in hers { #expect(try client.hears() == "close 3503") }
        let again = try house.client()
        let connect = #"{"id":1,"connect":{"token":"\#(RelayHouse.token(user: "ada"))"}}"#
        #expect(try again.asks(connect) == "close 3507")
        #expect(try his.asks(#"{"id":2,"subscribe":{"channel":"open"}}"#) == #"{"id":2,"subscribe":{}}"#)
        #expect(house.relay.denials() == [.user("ada")])
        #expect(house.metric("belfry_denials", ["kind": "user"]) == 1)
        #expect(house.metric("belfry_auth_failures_total", ["reason": "blocked"]) == 1)
        #expect(try await house.relay.allow(Denial.user("ada").target, by: "test"))
        #expect(try await !house.relay.allow(Denial.user("ada").target, by: "test"))
        _ = try house.member(user: "ada")
    }

    @Test func `who is allowed again is let in at once, by every loop`() async throws {
        let house = try await RelayHouse()
        defer { house.close() }
        let range = try #require(Self.loopback)
        for _ in 0..<20 {
            _ = try await house.relay.deny(.addresses(range), by: "test")
            #expect(try await house.relay.allow(.addresses(range), by: "test"))
            _ = try house.member(user: "ada")
        }
    }

    @Test func `a revoked token is cut where it is used and refused where it is shown`() async throws {
        let house = try await RelayHouse()
        defer { house.close() }
        let client = try house.member(user: "ada", #""jti":"t-1""#)
        let other = try house.member(user: "ada", #""jti":"t-2""#)
        let late = try house.client(bearer: RelayHouse.token(user: "ada", #""jti":"t-1""#))
        let outcome = try await house.relay.deny(.token("t-1"), by: "test")
        #expect(outcome.closedConnections == 2)
        #expect(try client.hears() == "close 3500")
        #expect(try late.hears() == "close 3500")
        let token = RelayHouse.token(user: "ada", #""jti":"t-1""#)
        #expect(throws: HouseClient.Ended.self) { _ = try house.client(bearer: token) }
        #expect(try house.client().asks(#"{"id":1,"connect":{"token":"\#(token)"}}"#) == "close 3500")
        // A refresh with it is no way round.
        #expect(try other.asks(#"{"id":2,"refresh":{"token":"\#(token)"}}"#) == "close 3500")
        #expect(house.metric("belfry_auth_failures_total", ["reason": "revoked"]) == 3)
    }

    @Test func `a user's tokens from before a moment are cut and refused, newer ones are not`() async throws {
        let house = try await RelayHouse()
        defer { house.close() }
        let old = try house.member(user: "ada", #""iat":1000"#)
        let unknown = try house.member(user: "ada")
        let new = try house.member(user: "ada", #""iat":2000"#)
        let outcome = try await house.relay.deny(.tokens(of: "ada", issuedBefore: 2_000), by: "test")
        #expect(outcome.closedConnections == 2)
        #expect(try old.hears() == "close 3500")
        #expect(try unknown.hears() == "close 3500")
        #expect(try new.asks(#"{"id":2,"subscribe":{"channel":"open"}}"#) == #"{"id":2,"subscribe":{}}"#)
        for (claims, reply) in [(#""iat":1999"#, "close 3500"), (#""iat":2000"#, nil)] {
            let token = RelayHouse.token(user: "ada", claims)
            let heard = try house.client().asks(#"{"id":1,"connect":{"token":"\#(token)"}}"#)
            #expect(reply == nil ? heard.hasPrefix(#"{"id":1,"connect""#) : heard == reply)
        }
    }

    @Test func `a revoked subscription token ends its subscription, and opens none`() async throws {
        let house = try await RelayHouse()
        defer { house.close() }
        let client = try house.member(user: "ada")
        let token = RelayHouse.token(user: "ada", #""channel":"$a","jti":"s-1""#)
        let subscribe = #"{"id":2,"subscribe":{"channel":"$a","token":"\#(token)"}}"#
        #expect(try client.asks(subscribe).hasPrefix(#"{"id":2,"subscribe""#))
        let outcome = try await house.relay.deny(.token("s-1"), by: "test")
        #expect(outcome.closedConnections == 0)
        #expect(try client.hears().contains(#""unsubscribe":{"code":2501"#))
        #expect(try client.asks(subscribe).contains(#""code":103"#))
    }

    @Test func `a blocked network is cut at every stage, and reset at the door`() async throws {
        let house = try await RelayHouse()
        defer { house.close() }
        let silent = try HouseClient.connect(house.port)
        defer { close(silent) }
        let bare = try house.connection()
        let upgraded = try house.client()
        let member = try house.member(user: "ada")
        // The silent one is accepted by a loop that nobody else may have asked yet.
        while house.metric("belfry_listener_accepts_total") != 4 { await Task.yield() }
        let range = try #require(Self.loopback)
        let outcome = try await house.relay.deny(.addresses(range, until: 4_000_000_000), by: "test")
        #expect(outcome.closedConnections == 4)
        #expect(try upgraded.hears() == "close 3503")
        #expect(try member.hears() == "close 3503")
        #expect(throws: HouseClient.Ended.self) { try bare.upgrade(bearer: nil) }
        var byte: UInt8 = 0
        #expect(unsafe recv(silent, &byte, 1, 0) <= 0)
        #expect(throws: HouseClient.Ended.self) { _ = try house.connection() }
        #expect(house.metric("belfry_listener_rejects_total", ["reason": "blocked"]) == 1)
        #expect(try await house.relay.allow(.addresses(range), by: "test"))
        _ = try house.member(user: "ada")
        #expect(house.metric("belfry_listener_accepts_total") == 6)
    }

    @Test func `denials outlive a restart where histories do, in every kind and with their ends`()
        async throws
    {
        let directory = FileManager.default.temporaryDirectory.appending(path: "belfry-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        func house() async throws -> RelayHouse {
            try await RelayHouse {
                $0.history.store = .sqlite
                $0.history.path = directory.appending(path: "history.db").path
            }
        }
        let range = try #require(AddressRange(parsing: "2001:db8::/32"))
        let all: [Denial] = [
            .user("ada"), .user("caf\u{E9}", until: 4_000_000_000), .token("t-1", until: 4_000_000_000),
            .tokens(of: "bob", issuedBefore: 2_000), .addresses(range), .user("carol"),
        ]
        let first = try await house()
        for denial in all { #expect(try await first.relay.deny(denial, by: "test").isDurable) }
        #expect(try await first.relay.allow(Denial.user("carol").target, by: "test"))
        first.close()
        let second = try await house()
        defer { second.close() }
        #expect(Set(second.relay.denials()) == Set(all.dropLast()))
        for (user, claims, reply) in [
            ("ada", #""iat":1"#, "close 3507"), ("bob", #""iat":1999"#, "close 3500"),
            ("eve", #""jti":"t-1""#, "close 3500"),
        ] {
            let token = RelayHouse.token(user: user, claims)
            #expect(try second.client().asks(#"{"id":1,"connect":{"token":"\#(token)"}}"#) == reply)
        }
        _ = try second.member(user: "carol")
    }

    @Test func `what can not be meant is refused, and changes nothing`() async throws {
        let house = try await RelayHouse()
        defer { house.close() }
        let client = try house.member(user: "ada")
        await #expect(throws: DenyFailure.refused(.over)) {
            _ = try await house.relay.deny(.user("ada", until: 1), by: "test")
        }
        await #expect(throws: DenyFailure.refused(.nameless)) {
            _ = try await house.relay.deny(.user(""), by: "test")
        }
        #expect(house.relay.denials() == [])
        #expect(try client.asks(#"{"id":2,"subscribe":{"channel":"open"}}"#) == #"{"id":2,"subscribe":{}}"#)
    }

    @Test func `five hundred connections of one user go within a second`() async throws {
        let house = try await RelayHouse()
        defer { house.close() }
        let clients = try (0..<500).map { _ in try house.member(user: "ada") }
        let start = ContinuousClock.now
        let outcome = try await house.relay.deny(.user("ada"), by: "test")
        print("500 connections told to close after \(ContinuousClock.now - start)")
        #expect(outcome.closedConnections == 500 && outcome.isComplete)
        for client in clients { #expect(try client.hears() == "close 3503") }
        #expect(ContinuousClock.now - start < .seconds(10))
    }
}
