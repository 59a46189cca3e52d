package import BelfryProtocol

// The streams of channels that keep history (protocol.md 10.1): a pure value, with time as an argument.
//
// A publication enters in one step (`append`) or in two: `reserve` gives it its place, `apply` makes it part of the
// stream once it is safe on disk. Until then nobody can read it. Always: (1) offsets of an epoch are given once, in
// order, without gaps; (2) a window is the unbroken run of publications up to the top, or empty; (3) whatever is lost
// early, because memory is short or the clock has run, makes recoveries fail in a way that can be seen: a position
// that is no longer in the window, or another epoch.

/// How much memory streams may take.
package struct StreamLimits: Equatable, Sendable {
    /// Of stored publications, counted as their payloads and a fixed part.
    ///
    /// Above it those nearest to their expiry go early.
    package var byteCount: Int
    /// Above it the stream used longest ago is forgotten.
    package var streams: Int
    /// Above it the oldest key is forgotten.
    package var idempotencyKeys: Int

    package init(
        byteCount: Int = 256 << 20, streams: Int = 1_000_000, idempotencyKeys: Int = 1_000_000
    ) {
        self.byteCount = max(byteCount, 0)
        self.streams = max(streams, 1)
        self.idempotencyKeys = max(idempotencyKeys, 1)
    }
}

/// What became of a publication.
package enum AppendResult: Equatable, Sendable {
    /// Without a position when the channel keeps no history.
    case appended(StreamPosition?)
    /// Its idempotency key was seen before: nothing happened now.
    case duplicate(StreamPosition?)
    /// A newer version is known: nothing happened; the position is the top.
    case outdated(StreamPosition)
}

/// What became of the wish to publish.
package enum Admission: Equatable, Sendable {
    case reserved(Reservation)
    /// The channel keeps no history: to be delivered without a position.
    case unstored(StoredKey?)
    /// A position above ``StreamTable/top(of:)`` is reserved and not applied yet.
    case duplicate(StreamPosition?)
    case outdated(StreamPosition)
}

/// The streams of some channels.
package struct StreamTable: Sendable {
    struct Stream {
        let channel: String
        let epoch: String
        var top: UInt64
        /// The newest offset given; above `top` while publications wait to be applied.
        var reserved: UInt64
        var version: PublicationVersion?
        var reservedVersion: PublicationVersion?
        var window = PublicationWindow()
        var expiresAt: WallTime
        /// The end that a store knows of; `nil` for none.
        var notedEnd: WallTime?

        var position: StreamPosition { StreamPosition(offset: top, epoch: epoch) }
        /// Publications wait to be applied.
        var isAwaited: Bool { reserved > top }
    }

    /// By slot; a free one holds a stream of channel `""`.
    ///
    /// Always changed in place: a copy of a stream that lives on would copy its window at the next publication.
    var streams: [Stream] = []
    var slots: [String: Int] = [:]
    var freeSlots: [Int] = []
    /// Streams with a window, by the expiry of their oldest publication.
    var windows = DeadlineQueue()
    /// All streams, by when they may be forgotten.
    var lives = DeadlineQueue()
    var keys: IdempotencyKeys
    private var epochs: EpochSource
    let limits: StreamLimits

    /// Memory of stored publications, roughly.
    package internal(set) var byteCount = 0
    /// Publications stored.
    package internal(set) var publicationCount = 0
    /// Publications dropped before their expiry because memory was short.
    package internal(set) var shedPublications: UInt64 = 0
    /// Streams forgotten before their time because there were too many.
    package internal(set) var shedStreams: UInt64 = 0
    /// Streams known, those without publications included.
    package var streamCount: Int { slots.count }
    package var idempotencyKeyCount: Int { keys.count }

    /// - `seed`: Random at each start; epochs are made from it.
    package init(seed: UInt64, limits: StreamLimits = StreamLimits()) {
        self.limits = limits
        epochs = EpochSource(seed: seed)
        keys = IdempotencyKeys(maximum: limits.idempotencyKeys)
    }

    package var usage: HistoryUsage {
        var usage = HistoryUsage()
        usage.streams = streamCount
        usage.publications = publicationCount
        usage.byteCount = byteCount
        usage.shedPublications = shedPublications
        usage.shedStreams = shedStreams
        return usage
    }

    /// The newest applied offset and the epoch; `nil` when the channel has no stream.
    package func top(of channel: String) -> StreamPosition? {
        slots[channel].map { streams[$0].position }
    }

    /// Publishes in one step.
    package mutating func append(
        _ publication: Publication, to channel: String, options: PublishOptions, now: WallTime
    ) -> AppendResult {
        switch reserve(publication, in: channel, options: options, now: now) {
        case .reserved(let reservation):
            apply(reservation)
            return .appended(reservation.position)
        case .unstored: return .appended(nil)
        case .duplicate(let position): return .duplicate(position)
        case .outdated(let top): return .outdated(top)
        }
    }

    /// Gives a publication its place; it becomes readable by ``apply(_:)``.
    ///
    /// Reservations of a channel are applied in their order, or given up together by ``cancel(_:)``.
    package mutating func reserve(
        _ publication: Publication, in channel: String, options: PublishOptions, now: WallTime
    ) -> Admission {
        if let key = options.idempotency, let outcome = keys.outcome(of: key.key, in: channel, now: now) {
            return .duplicate(outcome)
        }
        guard let policy = options.history else {
            return .unstored(remember(options.idempotency, in: channel, at: nil, now: now))
        }
        let slot = open(channel, metaTTL: policy.metaTTL, now: now)
        if let version = options.version {
            if version.isOutdated(by: streams[slot].reservedVersion) {
                return .outdated(streams[slot].position)
            }
            streams[slot].reservedVersion = version
        }
        streams[slot].reserved += 1
        streams[slot].notedEnd = streams[slot].expiresAt
        let position = StreamPosition(offset: streams[slot].reserved, epoch: streams[slot].epoch)
        return .reserved(
            Reservation(
                channel: channel, position: position,
                stored: StoredPublication(publication.placed(at: position), expiresAt: now + policy.ttl),
                size: policy.size, streamExpiresAt: streams[slot].expiresAt, version: options.version,
                key: remember(options.idempotency, in: channel, at: position, now: now)))
    }

    /// Makes a reserved publication part of its stream.
    package mutating func apply(_ reservation: Reservation) {
        guard let slot = slots[reservation.channel], streams[slot].epoch == reservation.position.epoch,
            streams[slot].top < reservation.position.offset
        else { return }
        change(slot) { $0.take(reservation) }
        windows.hasten(slot, to: streams[slot].window.first?.expiresAt ?? reservation.stored.expiresAt)
        shed()
    }

    /// Gives up reservations that could not be written, whose offsets are then given again.
    ///
    /// - Parameter reservations: Of each channel all that are not applied from some offset on.
    package mutating func cancel(_ reservations: [Reservation]) {
        for reservation in reservations {
            if let key = reservation.key { keys.forget(key) }
            guard let slot = slots[reservation.channel],
                streams[slot].epoch == reservation.position.epoch
            else { continue }
            let left = min(streams[slot].reserved, reservation.position.offset - 1)
            streams[slot].reserved = max(streams[slot].top, left)
            streams[slot].reservedVersion = streams[slot].version
            streams[slot].notedEnd = nil
        }
    }

    /// Drops the window; epoch and top stay, so offsets go on.
    package mutating func removeHistory(of channel: String) {
        guard let slot = slots[channel] else { return }
        change(slot) { $0.window.removeAll() }
        windows.remove(slot)
    }

    private mutating func remember(
        _ key: IdempotencyKey?, in channel: String, at position: StreamPosition?, now: WallTime
    ) -> StoredKey? {
        guard let key else { return nil }
        let stored = StoredKey(
            channel: channel, key: key.key, position: position, expiresAt: now + key.window)
        keys.remember(stored)
        return stored
    }

    /// Finds the stream or begins one, and notes that it is used.
    mutating func open(_ channel: String, metaTTL: Duration, now: WallTime) -> Int {
        if let slot = slots[channel] {
            if streams[slot].expiresAt > now || streams[slot].isAwaited {
                streams[slot].expiresAt = max(streams[slot].expiresAt, now + metaTTL)
                return slot
            }
            forget(slot)
        }
        let stream = Stream(
            channel: channel, epoch: epochs.next(), top: 0, reserved: 0, expiresAt: now + metaTTL)
        return insert(stream)
    }

    /// Changes a stream in place and keeps the sums right.
    mutating func change(_ slot: Int, _ body: (inout Stream) -> Void) {
        publicationCount -= streams[slot].window.count
        byteCount -= streams[slot].window.byteCount
        body(&streams[slot])
        publicationCount += streams[slot].window.count
        byteCount += streams[slot].window.byteCount
    }
}

extension StreamTable.Stream {
    fileprivate mutating func take(_ reservation: Reservation) {
        top = reservation.position.offset
        reserved = max(reserved, top)
        if let newer = reservation.version { version = newer }
        window.append(reservation.stored)
        while window.count > reservation.size { window.removeFirst() }
    }
}

extension Publication {
    /// As subscribers get it: the epoch only with the first one (protocol.md 5).
    fileprivate func placed(at position: StreamPosition) -> Publication {
        var placed = self
        placed.offset = position.offset
        placed.epoch = position.offset == 1 ? position.epoch : ""
        return placed
    }
}
