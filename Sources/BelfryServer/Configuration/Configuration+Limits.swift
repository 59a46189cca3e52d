package import BelfryLimits

extension Configuration {
    /// The limits as the file writes them; ``policy`` is what the relay works with.
    package struct Limits: Equatable, Sendable {
        /// A budget; a rate of `nil` switches it off.
        package struct Rule: Equatable, Sendable {
            package var rate: Rate?
            package var burst: Int

            var limit: LimitRule? { rate.map { LimitRule(rate: $0, burst: burst) } }
        }

        package struct User: Equatable, Sendable {
            package var publish = Rule(rate: Rate(20, per: .second), burst: 40)
            package var subscribe = Rule(rate: Rate(50, per: .second), burst: 512)
            package var presence = Rule(rate: Rate(10, per: .second), burst: 20)
            package var commands = Rule(rate: nil, burst: 1_000)
            package var connections = 20
        }

        package struct Address: Equatable, Sendable {
            package var handshakes = Rule(rate: Rate(100, per: .second), burst: 1_000)
            package var guestTokens = Rule(rate: Rate(30, per: .minute), burst: 30)
            package var connections = 0
        }

        package var enabled = true
        package var dryRun = false
        package var user = User()
        package var address = Address()
        package var connectionCommands = Rule(rate: Rate(100, per: .second), burst: 1_000)
        package var channelPublish = Rule(rate: Rate(200, per: .second), burst: 1_000)
        /// 0: refusals never close a connection.
        package var refusalsBeforeDisconnect = 100
        package var refusalWindow = Duration.seconds(10)
        package var budgets = 1_000_000

        package var policy: LimitPolicy {
            var policy = LimitPolicy()
            policy.enabled = enabled
            policy.dryRun = dryRun
            policy.user.publish = user.publish.limit
            policy.user.subscribe = user.subscribe.limit
            policy.user.presence = user.presence.limit
            policy.user.commands = user.commands.limit
            policy.user.connections = user.connections
            policy.address.handshakes = address.handshakes.limit
            policy.address.guestTokens = address.guestTokens.limit
            policy.address.connections = address.connections
            policy.connectionCommands = connectionCommands.limit
            policy.channelPublish = channelPublish.limit
            if refusalsBeforeDisconnect > 0 {
                policy.refusals = LimitRule(burst: refusalsBeforeDisconnect, window: refusalWindow)
            }
            policy.budgets = budgets
            return policy
        }
    }
}
