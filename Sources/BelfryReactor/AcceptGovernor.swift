public import BelfryBytes

// What to do when descriptors run out.
//
// A listener stays readable while connections wait, so a loop that goes on accepting through EMFILE spins at
// full power. We stop listening to readiness instead and try again four times a second: an exhausted process
// spends a few system calls on it, and serves new clients again within 250 ms of the first freed descriptor
// (the bar is 1 s).
//
// Deliberately absent: the spare descriptor that is closed to accept and drop one client. It turns waiting
// clients into failed ones that reconnect at once; and between threads the freed number is anybody's. Clients
// wait in the kernel's bounded backlog, and the connection limit of the configuration should act long before
// this does.

/// Decides when one loop accepts connections.
public struct AcceptGovernor: Sendable {
    public enum State: Equatable, Sendable {
        case accepting
        case paused(until: Instant)
    }

    public private(set) var state = State.accepting
    private let retryInterval: Duration
    private let noticeInterval: Duration
    private var noticeAllowed: Instant?
    private var pausesSinceNotice = 0

    /// - Parameters:
    ///   - retryInterval: Time between two tries while exhausted.
    ///   - noticeInterval: At most one notice in this time.
    public init(retryInterval: Duration = .milliseconds(250), noticeInterval: Duration = .seconds(10)) {
        self.retryInterval = retryInterval
        self.noticeInterval = noticeInterval
    }

    /// When a paused listener is to be tried again.
    public var resumeAt: Instant? {
        guard case .paused(let until) = state else { return nil }
        return until
    }

    /// An accept failed for want of descriptors or memory: pauses.
    ///
    /// - Returns: What to tell the operator, at most once per notice interval.
    public mutating func exhausted(_ error: SystemError, at now: Instant) -> AcceptPauseNotice? {
        state = .paused(until: now + retryInterval)
        pausesSinceNotice += 1
        if let noticeAllowed, now < noticeAllowed { return nil }
        noticeAllowed = now + noticeInterval
        defer { pausesSinceNotice = 0 }
        return AcceptPauseNotice(error: error, pauseCount: pausesSinceNotice)
    }

    /// Ends the pause if its time has come; `true` exactly once a pause.
    public mutating func resumeIfDue(at now: Instant) -> Bool {
        guard case .paused(let until) = state, now >= until else { return false }
        state = .accepting
        return true
    }
}

/// Accepting stopped because the process or the machine has run out of something.
public struct AcceptPauseNotice: Equatable, Sendable {
    public let error: SystemError
    /// Pauses since the previous notice, this one included: 40 in 10 s is exhaustion without a break.
    public let pauseCount: Int
}
