package import BelfryProtocol

/// Which part of a stream is asked for (protocol.md 10.5).
package struct HistoryQuery: Equatable, Sendable {
    /// Exclusive.
    ///
    /// An empty epoch matches any.
    package var since: StreamPosition?
    /// 0: only the position.
    ///
    /// Negative: as many as ``maximum`` allows.
    package var limit: Int
    /// Descending; with ``since``, what is before it.
    package var isReverse: Bool
    /// The server's own bound.
    package var maximum: Int

    /// `history_max_publication_limit` and `recovery_max_publication_limit` (protocol.md 24).
    package static let defaultMaximum = 300

    package init(
        since: StreamPosition? = nil, limit: Int = 0, isReverse: Bool = false,
        maximum: Int = Self.defaultMaximum
    ) {
        self.since = since
        self.limit = limit
        self.isReverse = isReverse
        self.maximum = maximum
    }

    /// Publications that may be returned.
    var count: Int { limit < 0 ? max(maximum, 0) : min(limit, max(maximum, 0)) }
}

/// A part of a stream, and where the stream stood when it was read.
package struct HistoryPage: Equatable, Sendable {
    /// Without gaps, ascending unless asked for in reverse; each carries its offset.
    package let publications: [Publication]
    package let top: StreamPosition
    /// The query's `since` belongs to another life of the stream, so nothing was read.
    ///
    /// The history command answers it with error 112; a recovery has failed.
    package let isOfOtherEpoch: Bool

    package init(publications: [Publication] = [], top: StreamPosition, isOfOtherEpoch: Bool = false) {
        self.publications = publications
        self.top = top
        self.isOfOtherEpoch = isOfOtherEpoch
    }
}
