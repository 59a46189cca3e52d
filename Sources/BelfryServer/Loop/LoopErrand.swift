import BelfryAPI
import BelfryHub
import BelfryProtocol
import BelfryReactor
import BelfrySession

/// Something the server API wants of every loop.
struct LoopErrand: Sendable {
    enum Work: Sendable {
        case deed(UserCall)
        case connections(ConnectionChoice)
        case channels
    }

    /// The question's number at the desk.
    let number: UInt64
    let work: Work
    /// Where the walk over the loop's table stands, and what it has found so far.
    var cursor: UInt32 = 0
    var answer = ErrandAnswer()
}

/// What one loop has to say to an errand.
struct ErrandAnswer: Sendable {
    var error: ErrorCode?
    var connections: [UserConnection] = []
    var channels: [ChannelCount] = []
}

/// Where loops answer the server API.
struct CallDesks: Sendable {
    let homes: CallDesk<HubAnswer>
    let errands: CallDesk<ErrandAnswer>

    init(pendingMax: Int) {
        homes = CallDesk(pendingMax: pendingMax)
        errands = CallDesk(pendingMax: pendingMax)
    }
}
