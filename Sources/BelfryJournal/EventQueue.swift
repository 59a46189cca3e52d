import BelfryObserve

/// What waits for the writer: an audit lane and an info lane, taken in the order of arrival.
///
/// Each has its own limits, so a flood of information fills its own lane only.
///
/// What a lane refused is not forgotten: when the audit lane opens again, a mark takes the place of the refused
/// events in the lane. The writer numbers audit events when it takes them, and counts a mark's events along, so
/// the numbers that are missing in the journal are the events that were refused, and all of them.
struct EventQueue: Sendable {
    enum Element: Sendable {
        case event(Event)
        case losses(Losses)
    }

    /// Events that were refused for want of room.
    struct Losses: Sendable, Equatable {
        /// One unbroken run in the order of the audit lane.
        var audit: UInt64
        var info: UInt64
    }

    private var audit: Lane
    private var info: Lane
    private var tickets: UInt64 = 0
    private var refusedInfo: UInt64 = 0
    private var marks = 0

    init(limits: QueueLimits) {
        audit = Lane(entryLimit: limits.auditEntries, byteLimit: limits.auditBytes)
        info = Lane(entryLimit: limits.infoEntries, byteLimit: limits.infoBytes)
    }

    var count: Int { audit.count &+ info.count &- marks }

    /// How much of the audit lane is in use, 0 to 1.
    var auditFill: Double { audit.fill }
    /// Audit events are being refused.
    var refusesAudit: Bool { audit.isClosed }

    /// Returns false when the lane is full and the event is lost.
    mutating func offer(_ event: Event) -> Bool {
        tickets &+= 1
        if event.kind.isAudit { return audit.offer(event, ticket: tickets) }
        return info.offer(event, ticket: tickets)
    }

    mutating func take() -> Element? {
        let first = takeOldest()
        reopenLanes()
        guard case .losses(var losses)? = first else { return first }
        marks &-= 1
        losses.info = refusedInfo
        refusedInfo = 0
        return .losses(losses)
    }

    private mutating func takeOldest() -> Element? {
        guard let infoTicket = info.firstTicket else { return audit.takeFirst() }
        guard let auditTicket = audit.firstTicket, auditTicket < infoTicket else { return info.takeFirst() }
        return audit.takeFirst()
    }

    private mutating func reopenLanes() {
        refusedInfo &+= info.reopen() ?? 0
        if let refused = audit.reopen() {
            mark(Losses(audit: refused, info: 0))
        } else if refusedInfo > 0, !audit.isClosed, marks == 0 {
            // A mark on its way, or one that must still come, tells of the info lane's losses too.
            mark(Losses(audit: 0, info: 0))
        }
    }

    private mutating func mark(_ losses: Losses) {
        tickets &+= 1
        marks &+= 1
        audit.append(mark: losses, ticket: tickets)
    }
}
