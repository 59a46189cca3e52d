package import BelfryBytes

/// How much of a channel's stream is kept (protocol.md 10.1).
package struct HistoryPolicy: Equatable, Sendable {
    /// Publications; at least 1.
    package let size: Int
    /// How long each publication is kept.
    package let ttl: Duration
    /// How long epoch and top offset are kept after the last use.
    package let metaTTL: Duration
    /// What a store promises of it.
    package var durability = Durability.acknowledged

    /// The default of `history_meta_ttl` (protocol.md 24).
    package static let defaultMetaTTL = Duration.seconds(30 * 24 * 3600)

    /// `nil` when size or ttl is not positive, which is how a namespace says that it keeps no history.
    ///
    /// - `metaTTL`: Raised to `ttl` when less: publications without an epoch would mean nothing.
    package init?(size: Int, ttl: Duration, metaTTL: Duration = Self.defaultMetaTTL) {
        guard size > 0, ttl > .zero else { return nil }
        self.size = size
        self.ttl = ttl
        self.metaTTL = max(metaTTL, ttl)
    }
}

/// When a publication counts as published, where histories are kept on disk.
package enum Durability: String, CaseIterable, Sendable {
    /// Once it is on disk: delivery and reply wait for that.
    case acknowledged
    /// At once; it is written soon after, and the last moment before a crash may be missing.
    case relaxed
}

/// Names one publication across retries: within the window it is stored and delivered once.
package struct IdempotencyKey: Equatable, Sendable {
    package let key: String
    /// How long the outcome is remembered.
    package let window: Duration

    /// The default (protocol.md 24).
    package static let defaultWindow = Duration.seconds(300)

    package init(_ key: String, window: Duration = Self.defaultWindow) {
        self.key = key
        self.window = window
    }
}

/// A publisher's own number of its data's state, by which a late older state is recognised and dropped.
package struct PublicationVersion: Equatable, Sendable {
    package let number: UInt64
    /// Numbers of different epochs are not compared: the newer publication wins.
    package let epoch: String

    package init(number: UInt64, epoch: String = "") {
        self.number = number
        self.epoch = epoch
    }

    /// The state known is at least as new as this one.
    func isOutdated(by known: PublicationVersion?) -> Bool {
        guard let known, known.epoch == epoch else { return false }
        return number <= known.number
    }
}

/// How one publication is to be treated.
package struct PublishOptions: Equatable, Sendable {
    /// `nil`: not stored, and it gets no position.
    package var history: HistoryPolicy?
    package var idempotency: IdempotencyKey?
    /// Only looked at with history.
    package var version: PublicationVersion?
    /// Subscribers that agreed to delta may get it as a patch (protocol.md 19).
    package var usesDelta = false
    /// When this node received it, the start of a delivery's latency; returned with the publication.
    package var receivedAt: Instant?

    package init(history: HistoryPolicy? = nil) { self.history = history }
}
