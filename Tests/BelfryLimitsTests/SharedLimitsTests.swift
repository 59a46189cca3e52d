import BelfryBytes
import BelfryLimits
import Dispatch
import Synchronization
import Testing

@Suite struct SharedLimitsTests {
    @Test func `50 connections of one user on many threads share one budget exactly`() {
        let limits = SharedLimits(budgets: 1_000)
        let rule = LimitRule(rate: Rate(200, per: .second), burst: 40)
        let key = keys.user("ann")
        let admitted = Atomic(0)
        // Ten seconds in steps of 5 ms, the refill of one unit; every taker asks once a step.
        for step: Int64 in 0...2_000 {
            DispatchQueue.concurrentPerform(iterations: 50) { _ in
                if limits.take(cost: 1, key: key, rule: rule, at: .at(step * 5)).isAllowed {
                    admitted.add(1, ordering: .relaxed)
                }
            }
        }
        #expect(admitted.load(ordering: .relaxed) == 40 + 200 * 10)
    }

    @Test func `threads that see the clock differently never admit more than burst and refill`() {
        let limits = SharedLimits(budgets: 1_000)
        let rule = LimitRule(rate: Rate(1_000, per: .second), burst: 10)
        let key = keys.user("ann")
        let admitted = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 50) { taker in
            for step: Int64 in 0..<2_000 {
                let skew = Int64(taker % 3)  // a loop reads its clock once a tick
                if limits.take(cost: 1, key: key, rule: rule, at: .at(step / 2 + skew)).isAllowed {
                    admitted.add(1, ordering: .relaxed)
                }
            }
        }
        #expect(admitted.load(ordering: .relaxed) <= 10 + 1_001)
    }

    @Test func `a million active users fit into 40 MB and are remembered`() {
        let limits = SharedLimits(budgets: 1_000_000)
        let rule = LimitRule(rate: Rate(1, per: .hour), burst: 1)
        for number: UInt64 in 0..<1_000_000 {
            _ = limits.take(cost: 1, key: keys.address(.ipv6(number)), rule: rule, at: .at(0))
        }
        #expect(limits.byteCount <= 40_000_000)
        let remembered = limits.limitedCount(at: .at(0))
        #expect(remembered > 990_000, "\(remembered) of 1,000,000")
    }

    @Test func `a million distinct keys leave a small table's memory as it was`() {
        let limits = SharedLimits(budgets: 10_000)
        var full = 0
        for number: UInt64 in 0..<1_000_000 {
            _ = limits.take(cost: 3, key: keys.address(.ipv6(number)), rule: onePerSecond, at: .at(0))
            if number == 100_000 { full = limits.byteCount }
        }
        #expect(full > 0)
        #expect(limits.byteCount == full)
    }
}

@Suite struct ChargeTests {
    private func policy(_ change: (inout LimitPolicy) -> Void) -> LimitPolicy {
        var policy = LimitPolicy()
        policy.user.publish = onePerSecond
        change(&policy)
        return policy
    }

    private func charge(
        _ operation: LimitOperation, times: Int, policy: LimitPolicy, user: String? = "ann",
        limits: SharedLimits = SharedLimits(budgets: 100)
    ) -> [LimitOutcome] {
        var connection = ConnectionLimits()
        return (0..<times).map { _ in
            limits.charge(
                operation, user: user.map(keys.user), connection: &connection, channel: keys.channel("room"),
                policy: policy, at: .at(0))
        }
    }

    @Test(arguments: [
        (LimitOperation.publish(byteCount: 0), 1, 1), (.publish(byteCount: 4_095), 1, 1),
        (.publish(byteCount: 4_096), 2, 2), (.publish(byteCount: 65_536), 17, 17),
        (.publish(byteCount: -1), 1, 1), (.subscribe, 2, 1), (.presence, 1, 1), (.other, 1, 1),
    ])
    func `an operation costs its units`(operation: LimitOperation, cost: Int, ownCost: Int) {
        #expect(operation.cost == cost)
        #expect(operation.ownCost == ownCost)
    }

    @Test func `the user's budget refuses first`() {
        let outcomes = charge(.publish(byteCount: 10), times: 4, policy: policy { _ in })
        #expect(outcomes.prefix(3).allSatisfy { $0 == .admitted })
        #expect(outcomes.last == .refused(LimitRefusal(scope: .user, retryAfter: .seconds(1))))
    }

    @Test func `two connections of a user share the user's budget but not their own`() {
        let limits = SharedLimits(budgets: 100)
        let policy = policy { $0.connectionCommands = LimitRule(rate: Rate(1, per: .second), burst: 2) }
        let first = charge(.publish(byteCount: 1), times: 2, policy: policy, limits: limits)
        let second = charge(.publish(byteCount: 1), times: 2, policy: policy, limits: limits)
        #expect((first + second).count { $0 == .admitted } == 3)
    }

    @Test func `an anonymous user has the connection's budget only`() {
        let policy = policy { $0.connectionCommands = LimitRule(rate: Rate(1, per: .second), burst: 5) }
        let outcomes = charge(.publish(byteCount: 1), times: 6, policy: policy, user: nil)
        #expect(outcomes.count { $0 == .admitted } == 5)
        #expect(outcomes.last == .refused(LimitRefusal(scope: .connection, retryAfter: .seconds(1))))
    }

    @Test func `a channel's budget is shared by its publishers and charged to publications only`() {
        let limits = SharedLimits(budgets: 100)
        var policy = LimitPolicy()
        policy.channelPublish = onePerSecond
        let outcomes = ["ann", "bob", "eve", "joe"].flatMap {
            charge(.publish(byteCount: 1), times: 1, policy: policy, user: $0, limits: limits)
        }
        #expect(outcomes.count { $0 == .admitted } == 3)
        #expect(charge(.subscribe, times: 9, policy: policy, limits: limits).allSatisfy { $0 == .admitted })
    }

    @Test(arguments: [
        (LimitOperation.publish(byteCount: 1), 3), (.subscribe, 2), (.presence, 1), (.other, 4),
    ])
    func `each operation has its own budget, and commands count for all`(
        operation: LimitOperation, count: Int
    ) {
        var policy = LimitPolicy()
        policy.user.publish = LimitRule(rate: Rate(1, per: .hour), burst: 3)
        policy.user.subscribe = LimitRule(rate: Rate(1, per: .hour), burst: 2)
        policy.user.presence = LimitRule(rate: Rate(1, per: .hour), burst: 1)
        policy.user.commands = LimitRule(rate: Rate(1, per: .hour), burst: 4)
        #expect(charge(operation, times: 9, policy: policy).count { $0 == .admitted } == count)
    }

    @Test func `a dry run admits everything and says what it would refuse`() {
        let outcomes = charge(.publish(byteCount: 1), times: 200, policy: policy { $0.dryRun = true })
        let refusal = LimitRefusal(scope: .user, retryAfter: .seconds(1))
        #expect(outcomes.count { $0 == .admitted } == 3)
        #expect(outcomes.dropFirst(3).allSatisfy { $0 == .wouldRefuse(refusal) })
    }

    @Test func `limits that are off decide nothing`() {
        let outcomes = charge(.publish(byteCount: 1), times: 50, policy: policy { $0.enabled = false })
        #expect(outcomes.allSatisfy { $0 == .admitted })
    }

    @Test func `the refusal after the allowed ones disconnects`() {
        let policy = policy { $0.refusals = LimitRule(burst: 5, window: .seconds(10)) }
        let labels = charge(.publish(byteCount: 1), times: 9, policy: policy).map(\.label)
        #expect(labels == ["allow", "allow", "allow"] + Array(repeating: "deny", count: 6))
        let last = charge(.publish(byteCount: 1), times: 9, policy: policy).last
        #expect(last == .disconnect(LimitRefusal(scope: .user, retryAfter: .seconds(1))))
    }

    @Test func `handshakes are charged to the address`() {
        let limits = SharedLimits(budgets: 100)
        var policy = LimitPolicy()
        policy.address.handshakes = onePerSecond
        let outcomes = (0..<4).map { _ in
            limits.chargeHandshake(from: keys.address(.ipv4(1)), policy: policy, at: .at(0))
        }
        #expect(outcomes.last == .refused(LimitRefusal(scope: .address, retryAfter: .seconds(1))))
        #expect(limits.chargeHandshake(from: keys.address(.ipv4(2)), policy: policy, at: .at(0)) == .admitted)
        // Tokens for guests have a budget of their own.
        #expect(limits.chargeGuestToken(for: keys.address(.ipv4(1)), policy: policy, at: .at(0)) == .admitted)
        policy.address.guestTokens = LimitRule(rate: Rate(1, per: .second), burst: 1)
        let tokens = (0..<2).map { _ in
            limits.chargeGuestToken(for: keys.address(.ipv4(1)), policy: policy, at: .at(0))
        }
        #expect(tokens == [.admitted, .refused(LimitRefusal(scope: .address, retryAfter: .seconds(1)))])
        policy.dryRun = true
        #expect(
            limits.chargeHandshake(from: keys.address(.ipv4(1)), policy: policy, at: .at(0)).label
                == "dry_run")
    }
}
