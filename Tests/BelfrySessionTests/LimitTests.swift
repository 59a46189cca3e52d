import BelfryLimits
import BelfrySession
import Testing

/// protocol.md 14 (111), 15.2 (3013), and what the limits must leave alone.
@Suite struct LimitTests {
    enum Budget {
        case userPublish, userSubscribe, userPresence, userCommands, connectionCommands, channelPublish

        func set(_ rule: LimitRule, in policy: inout LimitPolicy) {
            switch self {
            case .userPublish: policy.user.publish = rule
            case .userSubscribe: policy.user.subscribe = rule
            case .userPresence: policy.user.presence = rule
            case .userCommands: policy.user.commands = rule
            case .connectionCommands: policy.connectionCommands = rule
            case .channelPublish: policy.channelPublish = rule
            }
        }
    }

    private static func once() -> LimitRule { LimitRule(rate: Rate(1, per: .second), burst: 1) }
    private func rule(_ burst: Int) -> LimitRule { LimitRule(rate: Rate(1, per: .second), burst: burst) }

    private let publish = #"{"id":2,"publish":{"channel":"chat:a","data":1}}"#
    private let rpc = #"{"id":2,"rpc":{}}"#
    private let unsubscribe = #"{"id":3,"unsubscribe":{"channel":"chat:a"}}"#
    private let unsubscribed = #"{"id":3,"unsubscribe":{}}"#

    @Test(
        "an empty budget refuses its operation with the temporary error 111 and nothing is done",
        arguments: [
            (Budget.userPublish, #"{"id":2,"publish":{"channel":"chat:a","data":1}}"#),
            (Budget.channelPublish, #"{"id":2,"publish":{"channel":"chat:a","data":1}}"#),
            (Budget.userSubscribe, #"{"id":2,"subscribe":{"channel":"chat:a"}}"#),
            (Budget.userPresence, #"{"id":2,"presence":{"channel":"chat:a"}}"#),
            (Budget.userPresence, #"{"id":2,"presence_stats":{"channel":"chat:a"}}"#),
            (Budget.userPresence, #"{"id":2,"history":{"channel":"chat:a"}}"#),
            (Budget.userCommands, #"{"id":2,"rpc":{}}"#),
            (Budget.connectionCommands, #"{"id":2,"history":{"channel":"chat:a"}}"#),
            (Budget.connectionCommands, #"{"id":2,"refresh":{"token":"garbage"}}"#),
            (Budget.connectionCommands, #"{"id":2,"sub_refresh":{"channel":"chat:a","token":"t"}}"#),
        ]) func refused(budget: Budget, command: String) async throws
    {
        let node = try await Node { budget.set(Self.once(), in: &$0.limits) }
        let client = node.connected("c1", user: "42")
        client.says(command.contains("refresh") ? rpc : command)
        #expect(client.says(command) == [error(111)])
        #expect(client.did == ["send " + error(111)])
        #expect(client.notes == ["limit deny of somebody", "refused 111"])
        node.seconds = 2
        #expect(outcome(client.says(command)) != "111")
    }

    @Test func `a user has one budget over all connections`() async throws {
        let node = try await Node { $0.limits.user.publish = Self.once() }
        let (client, other) = (node.connected("c1", user: "42"), node.connected("c2", user: "42"))
        #expect(outcome(client.says(publish)) == "ok")
        #expect(outcome(other.says(publish)) == "111")
        #expect(outcome(node.connected("c3", user: "43").says(publish)) == "ok")
    }

    @Test func `anonymous users share no budget`() async throws {
        let node = try await Node {
            $0.isInsecure = true
            $0.limits.user.publish = Self.once()
        }
        for id in ["c1", "c2"] { #expect(outcome(node.connected(id, user: nil).says(publish)) == "ok") }
    }

    @Test func `an unsubscribe over the limit is counted and carried out`() async throws {
        let node = try await Node { $0.limits.connectionCommands = rule(2) }
        let client = node.connected("c1", user: "42")
        client.says(#"{"id":2,"subscribe":{"channel":"chat:a"}}"#)
        #expect(client.says(unsubscribe) == [unsubscribed])
        #expect(client.notes == ["limit deny of somebody", "accepted unsubscribe"])
        #expect(client.session.channelCount == 0)
    }

    @Test func `who is refused too often is closed with 3013, and unsubscribes count`() async throws {
        let node = try await Node {
            $0.limits.connectionCommands = Self.once()
            $0.limits.refusals = LimitRule(burst: 2, window: .seconds(60))
        }
        let client = node.connected("c1", user: "42")
        #expect(outcome(client.says(rpc)) == "108")
        #expect(client.says(rpc) == [error(111)])
        #expect(client.says(unsubscribe) == [unsubscribed])
        #expect(client.says(unsubscribe + "\n" + rpc) == [close(3013)])
    }

    @Test func `refusals are forgiven with time`() async throws {
        let node = try await Node {
            $0.limits.user.publish = LimitRule(rate: Rate(1, per: .hour), burst: 1)
            $0.limits.refusals = LimitRule(burst: 2, window: .seconds(60))
        }
        let client = node.connected("c1", user: "42")
        client.says(publish)
        for minute in 0..<10 {
            node.seconds = Int64(minute) * 60
            #expect(client.says(publish + "\n" + publish) == [error(111), error(111)])
        }
        #expect(client.says(publish) == [close(3013)])
    }

    @Test func `a dry run refuses nothing and says what it would`() async throws {
        let node = try await Node {
            $0.limits.connectionCommands = Self.once()
            $0.limits.refusals = LimitRule(burst: 1, window: .seconds(60))
            $0.limits.dryRun = true
        }
        let client = node.connected("c1", user: "42")
        client.says(publish)
        for _ in 0..<5 {
            #expect(outcome(client.says(publish)) == "ok")
            #expect(client.notes.first == "limit dry_run of somebody")
        }
    }

    @Test func `limits that are switched off say nothing`() async throws {
        let node = try await Node {
            $0.limits.connectionCommands = Self.once()
            $0.limits.enabled = false
        }
        let client = node.connected("c1", user: "42")
        for _ in 0..<5 { #expect(outcome(client.says(publish)) == "ok") }
    }

    @Test func `connects, pings and pongs cost nothing`() async throws {
        let node = try await Node { $0.limits.connectionCommands = Self.once() }
        let client = node.connected("c1", user: "42")
        for _ in 0..<3 {
            client.isPinged()
            #expect(client.says("{}") == [])
        }
        #expect(outcome(client.says(publish)) == "ok")
    }

    @Test func `a large publication costs more`() async throws {
        let node = try await Node { $0.limits.user.publish = rule(4) }
        let client = node.connected("c1", user: "42")
        let large = String(repeating: "x", count: 3 * 4_096)
        #expect(outcome(client.says(#"{"id":2,"publish":{"channel":"chat:a","data":"\#(large)"}}"#)) == "ok")
        #expect(client.says(publish) == [error(111)])
    }
}
