package import BelfryLimits

/// The limits of the node, as sessions use them.
package struct CommandLimits: Sendable {
    package let policy: LimitPolicy
    package let budgets: SharedLimits
    package let users: ConnectionCounts
    package let keys: LimitKeyMaker

    package init(
        policy: LimitPolicy, budgets: SharedLimits, users: ConnectionCounts, keys: LimitKeyMaker
    ) {
        self.policy = policy
        self.budgets = budgets
        self.users = users
        self.keys = keys
    }
}
