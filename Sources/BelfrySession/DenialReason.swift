import BelfryHub
package import BelfryProtocol

/// Why something was denied, in one word: what came closest to allowing it.
///
/// The journal's closed vocabulary; the whole story is ``ChannelDirectory/explain(_:on:isInsecure:)``. In the order in
/// which they are told where several hold.
package enum DenialReason: String, CaseIterable, Sendable {
    /// The name begins with `$`, and no subscription token came with the command.
    case privateChannel = "private_channel"
    /// The token's `caps` name the channel, without this operation.
    case capability
    /// The channel is for the users named behind its `#`.
    case userNotListed = "user_not_listed"
    /// The channel has a `#`, and the namespace does not allow such channels.
    case userLimitedOff = "user_limited_off"
    /// It is allowed to users with a name.
    case anonymous
    /// It is allowed to subscribers.
    case notSubscribed = "not_subscribed"
    /// No option allows it to anybody.
    case optionOff = "option_off"

    fileprivate init?(_ finding: PermissionFinding) {
        switch finding {
        case .isPrivate: self = .privateChannel
        case .capabilityLacksOperation: self = .capability
        case .userNotListed: self = .userNotListed
        case .userLimitedOff: self = .userLimitedOff
        case .notForAnonymous: self = .anonymous
        case .notSubscribed: self = .notSubscribed
        case .optionOff: self = .optionOff
        default: return nil
        }
    }

    fileprivate var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension ChannelPermissions {
    /// Why ``decision(on:_:)`` refuses; meaningless when it does not.
    package func denial(on channel: ChannelName, _ question: PermissionQuestion) -> DenialReason {
        let reasons = PermissionRule.allCases.compactMap {
            DenialReason($0.finding(on: channel, question, self))
        }
        return reasons.min { $0.rank < $1.rank } ?? .optionOff
    }
}
