/// Every limit of a node.
///
/// `nil` for a rule and 0 for a count mean: not limited.
package struct LimitPolicy: Equatable, Sendable {
    /// Budgets and caps of one user id, over all of the user's connections on this node.
    package struct User: Equatable, Sendable {
        package var publish: LimitRule?
        package var subscribe: LimitRule?
        package var presence: LimitRule?
        /// Every command, in units of ``LimitOperation/cost``.
        package var commands: LimitRule?
        /// Connections at once.
        package var connections = 0

        package init() {}
    }

    /// Budgets and caps of one IPv4 address or IPv6 /64.
    package struct Address: Equatable, Sendable {
        /// TLS handshakes begun.
        package var handshakes: LimitRule?
        /// Tokens for guests of the chat page.
        package var guestTokens: LimitRule?
        /// Connections at once.
        package var connections = 0

        package init() {}
    }

    package var enabled = true
    /// Decide, count and report, but refuse nothing.
    package var dryRun = false
    package var user = User()
    package var address = Address()
    /// Every command of one connection, in units of ``LimitOperation/cost``.
    package var connectionCommands: LimitRule?
    /// Publications into one channel.
    package var channelPublish: LimitRule?
    /// Refusals one connection may collect before it is closed with 3013; they are forgiven evenly over a
    /// window.
    package var refusals: LimitRule?
    /// Budgets remembered at once.
    package var budgets = 1_000_000

    package init() {}
}
