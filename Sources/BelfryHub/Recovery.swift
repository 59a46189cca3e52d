package import BelfryBroker
package import BelfryProtocol

/// How missed publications are made up for (`force_recovery_mode`).
package enum RecoveryMode: String, CaseIterable, Sendable {
    /// All that was missed, or a clear word that it is lost.
    case stream
    /// Only the latest publication matters.
    case cache
}

/// A subscriber's wish to get what it missed.
package struct RecoveryRequest: Equatable, Sendable {
    /// What the client has seen; offset 0 and an empty epoch ask for everything from the start.
    package var since: StreamPosition
    package var mode: RecoveryMode
    /// `recovery_max_publication_limit`: who missed more has not recovered.
    package var limit: Int
    /// The client set ``SubscribeFlags/refusesLostPosition``: no subscription without recovery.
    package var refusesLoss: Bool

    package init(
        since: StreamPosition = StreamPosition(), mode: RecoveryMode = .stream,
        limit: Int = HistoryQuery.defaultMaximum, refusesLoss: Bool = false
    ) {
        self.since = since
        self.mode = mode
        self.limit = limit
        self.refusesLoss = refusesLoss
    }

    /// What must be read of the stream to decide.
    package var query: HistoryQuery {
        switch mode {
        case .stream: HistoryQuery(since: since, limit: -1, maximum: limit)
        case .cache: HistoryQuery(limit: 1, isReverse: true)
        }
    }
}

/// How a recovery ended, by cause.
package enum RecoveryOutcome: String, CaseIterable, Sendable {
    /// Nothing is missing.
    case recovered
    /// The stream began anew since the client saw it.
    case epochChanged = "epoch_changed"
    /// Something was missed and nothing is stored any more: expired or removed.
    case expired
    /// The oldest missed publications are no longer stored.
    case trimmed
    /// More was missed than a recovery may bring.
    case limitExceeded = "limit_exceeded"
    /// The client claims to have seen what was never published.
    case offsetAhead = "offset_ahead"
    /// Cache mode found no latest publication.
    case cacheEmpty = "cache_empty"
    /// The channel has no recovery.
    case notRecoverable = "not_recoverable"

    package var isRecovered: Bool { self == .recovered }
}

/// The rule of protocol.md 10.3 and 10.4.
package enum Recovery {
    package struct Decision: Equatable, Sendable {
        package let outcome: RecoveryOutcome
        /// Those the subscriber gets; none unless recovered.
        package let publications: [Publication]

        package init(_ outcome: RecoveryOutcome, _ publications: [Publication] = []) {
            self.outcome = outcome
            self.publications = publications
        }
    }

    /// What a recovery comes to, given the page that ``RecoveryRequest/query`` found.
    package static func decide(_ request: RecoveryRequest, _ page: HistoryPage) -> Decision {
        switch request.mode {
        case .stream: decideStream(request.since, page)
        case .cache: decideCache(request.since, page)
        }
    }

    private static func decideStream(_ since: StreamPosition, _ page: HistoryPage) -> Decision {
        guard since.epoch.isEmpty || since.epoch == page.top.epoch else { return Decision(.epochChanged) }
        guard since.offset <= page.top.offset else { return Decision(.offsetAhead) }
        guard let first = page.publications.first, let last = page.publications.last else {
            return Decision(since.offset == page.top.offset ? .recovered : .expired)
        }
        guard first.offset == since.offset &+ 1 else { return Decision(.trimmed) }
        guard last.offset == page.top.offset else { return Decision(.limitExceeded) }
        return Decision(.recovered, page.publications)
    }

    private static func decideCache(_ since: StreamPosition, _ page: HistoryPage) -> Decision {
        let isCurrent = since == page.top && since.offset > 0
        guard let latest = page.publications.last, latest.offset == page.top.offset else {
            return Decision(isCurrent ? .recovered : .cacheEmpty)
        }
        return Decision(.recovered, isCurrent ? [] : [latest])
    }
}
