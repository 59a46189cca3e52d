import BelfryAuth
import BelfryHub
import BelfryReactor
import BelfryTLS

/// What reaches a loop from other threads.
enum LoopMessage: Sendable {
    /// For a channel whose home is this loop.
    case request(HubRequest)
    /// From a channel's home, for members on this loop.
    case delivery(HubDelivery)
    case verified([TokenVerdict])
    /// New certificates: connections from now on use them.
    case reload(TLSMaterial)
    case connections(ConnectionSurvey)
    /// Close everything in waves until the moment given, then stop.
    case drain(for: Duration)
    /// Outgoing mail found its destination full and is tried again.
    case retryMail
}
