package import BelfryObserve

/// The counts of one moment that rates are made of: some 60 of the 800 series.
package struct StatusCounts: Equatable, Sendable {
    var accepts: UInt64 = 0
    var rejects: UInt64 = 0
    /// By who closed and why, the reason running fastest.
    var closes = [UInt64](repeating: 0, count: ClosedBy.allCases.count * CloseReason.allCases.count)
    var commands: UInt64 = 0
    var publications: UInt64 = 0
    var deliveries: UInt64 = 0
    /// Client commands answered with an error.
    var refusals: UInt64 = 0
    var authAttempts: UInt64 = 0
    var authFailures: UInt64 = 0
    var bytesReceived: UInt64 = 0
    var bytesSent: UInt64 = 0
    /// Copies lost although their receiver was there.
    var drops: UInt64 = 0
    var journalDrops: UInt64 = 0
    var cpuNanoseconds: UInt64 = 0
    var probesPassed: UInt64 = 0
    var probesFailed: UInt64 = 0
    var delivery = Distribution.empty
    var loopLag = Distribution.empty

    init() {}

    package init(_ snapshot: MetricSnapshot) {
        accepts = snapshot[.listenerAccepts]
        rejects = snapshot.sum(AcceptRefusal.self) { .listenerRejects($0) }
        closes = Self.endings.map { snapshot[.connectionsClosed($0.by, $0.reason)] }
        commands = snapshot.sum(MessageType.self) { .messagesReceived($0) }
        publications = snapshot[.messagesReceived(.publish)]
        deliveries = snapshot[.messagesDelivered]
        refusals = snapshot.sum(MessageRejection.self) { .messagesRejected($0) }
        authAttempts = snapshot[.authAttempts]
        authFailures = snapshot.sum(AuthFailure.self) { .authFailures($0) }
        bytesReceived = snapshot[.receivedBytes(.wire)]
        bytesSent = snapshot[.sentBytes(.wire)]
        // What stood in the queue of a connection that ended otherwise is nobody's loss.
        drops = [MessageLoss.slow, .overload, .internal].reduce(0) { $0 &+ snapshot[.messagesDropped($1)] }
        journalDrops = snapshot.sum(EntryLoss.self) { .journalDropped($0) }
        cpuNanoseconds = snapshot[.processCPU]
        probesPassed = snapshot[.selfprobes(.passed)]
        probesFailed = snapshot.sum(ProbeResult.self) { .selfprobes($0) } &- probesPassed
        delivery = snapshot.distribution(of: .delivery)
        loopLag = snapshot.distribution(of: .eventLoopLag)
    }

    /// What the places of `closes` are about.
    static let endings = ClosedBy.allCases.flatMap { by in CloseReason.allCases.map { (by: by, reason: $0) } }

    var closed: UInt64 { closes.reduce(0, &+) }
}

extension MetricSnapshot {
    /// A family's series added up.
    fileprivate func sum<Label: MetricLabel>(_: Label.Type, _ series: (Label) -> Counter) -> UInt64 {
        Label.allCases.reduce(0) { $0 &+ self[series($1)] }
    }
}
