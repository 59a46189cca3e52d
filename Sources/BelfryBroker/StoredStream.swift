package import BelfryProtocol

// What of a stream must survive a restart.

/// A publication in a stream's window.
package struct StoredPublication: Equatable, Sendable {
    /// Its offset is its place in the stream; with offset 1 it carries the epoch as well.
    package let publication: Publication
    /// From here on it is no longer part of the history.
    package let expiresAt: WallTime

    package init(_ publication: Publication, expiresAt: WallTime) {
        self.publication = publication
        self.expiresAt = expiresAt
    }
}

/// A whole stream, as a store loads it.
package struct StoredStream: Equatable, Sendable {
    package let channel: String
    package let epoch: String
    /// The newest offset ever given.
    package let top: UInt64
    package let version: PublicationVersion?
    /// When epoch and top may be forgotten.
    package let expiresAt: WallTime
    /// Ascending.
    package let publications: [StoredPublication]

    package init(
        channel: String, epoch: String, top: UInt64, version: PublicationVersion? = nil, expiresAt: WallTime,
        publications: [StoredPublication] = []
    ) {
        self.channel = channel
        self.epoch = epoch
        self.top = top
        self.version = version
        self.expiresAt = expiresAt
        self.publications = publications
    }
}

/// The remembered outcome of a publication with an idempotency key.
package struct StoredKey: Equatable, Sendable {
    package let channel: String
    package let key: String
    /// `nil` for a publication that was not stored.
    package let position: StreamPosition?
    package let expiresAt: WallTime

    package init(channel: String, key: String, position: StreamPosition?, expiresAt: WallTime) {
        self.channel = channel
        self.key = key
        self.position = position
        self.expiresAt = expiresAt
    }
}

/// A publication that has its place in the stream and is not part of it yet.
///
/// All that a store must write, so that loading it gives the same stream as ``StreamTable/apply(_:)``.
package struct Reservation: Equatable, Sendable {
    package let channel: String
    package let position: StreamPosition
    package let stored: StoredPublication
    /// Publications kept, this one included.
    package let size: Int
    /// When the stream may be forgotten.
    package let streamExpiresAt: WallTime
    package let version: PublicationVersion?
    package let key: StoredKey?
}
