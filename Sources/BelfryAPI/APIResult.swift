package import BelfryBroker
package import BelfryProtocol
package import BelfrySession

/// What a call leads to.
package enum APIResult: Equatable, Sendable {
    case done
    /// `nil` where the channel keeps no history.
    case published(StreamPosition?)
    case broadcast([Result<StreamPosition?, ErrorCode>])
    case presence([ClientInfo])
    case presenceStats(PresenceStatistics)
    case history(HistoryPage)
    case channels([ChannelCount])
    case connections([UserConnection])
    case info(APINode)
    case denied(DenialEffect)
    /// Whether somebody was kept out.
    case restored(Bool)
    case denials([DenialEntry])
    case batch([BatchReply])
}

package typealias APIOutcome = Result<APIResult, ErrorCode>

package struct BatchReply: Equatable, Sendable {
    package let method: APIMethod
    package let outcome: APIOutcome
}
