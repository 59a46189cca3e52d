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
    /// The home's broker has something to say.
    case brokerReady
    case verified([TokenVerdict])
    /// New certificates: connections from now on use them.
    case reload(TLSMaterial)
    case connections(ConnectionSurvey)
    case deny(DenyNotice)
    /// From the server API, for users' connections or all channels.
    case errand(LoopErrand)
    /// An operator begins or ends to follow somebody.
    case tap(TapNotice)
    /// Close everything in waves until the moment given, then stop.
    case drain(for: Duration)
    /// The detectors ask what this loop has seen.
    case traffic(TrafficInbox)
    /// The detectors are switched on or off.
    case watchTraffic(Bool)
    /// Outgoing mail found its destination full and is tried again.
    case retryMail
}
