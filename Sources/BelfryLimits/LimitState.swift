package import BelfryBytes

/// The budget of one owner, held by that owner: eight bytes in a connection.
package struct LimitState: Equatable, Sendable {
    /// The theoretical arrival time in nanoseconds; in the past means a full budget.
    var arrival: UInt64 = 0

    package init() {}

    /// Spends `cost` units, or says how long to wait.
    package mutating func take(cost: Int, rule: LimitRule, at now: Instant) -> LimitDecision {
        let spending = rule.spend(cost, arrival: arrival, now: now.nanoseconds)
        if case .paid(let next) = spending { arrival = next }
        return spending.decision
    }
}
