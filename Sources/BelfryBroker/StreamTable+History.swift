package import BelfryProtocol

// Reading, loading and forgetting.

extension StreamTable {
    /// Reads a part of a stream (protocol.md 10.5).
    ///
    /// A channel without a stream gets one, since even an empty stream has an epoch (protocol.md 9.3).
    package mutating func history(
        of channel: String, _ query: HistoryQuery, policy: HistoryPolicy, now: WallTime
    ) -> HistoryPage {
        let slot = open(channel, metaTTL: policy.metaTTL, now: now)
        dropExpired(slot, now: now, limit: .max)
        let top = streams[slot].position
        if let since = query.since, !since.epoch.isEmpty, since.epoch != top.epoch {
            return HistoryPage(top: top, isOfOtherEpoch: true)
        }
        let publications =
            query.isReverse
            ? streams[slot].window.publications(before: query.since?.offset ?? .max, limit: query.count)
            : streams[slot].window.publications(after: query.since?.offset ?? 0, limit: query.count)
        return HistoryPage(publications: publications, top: top)
    }

    /// The top of a channel's stream, which begins now if there is none.
    package mutating func position(
        of channel: String, policy: HistoryPolicy, now: WallTime
    ) -> StreamPosition {
        streams[open(channel, metaTTL: policy.metaTTL, now: now)].position
    }

    /// Takes in a stream from a store, in place of one of the same channel.
    ///
    /// Of its publications only the unbroken run up to the top is kept.
    package mutating func restore(_ stored: StoredStream) {
        if let slot = slots[stored.channel] { forget(slot) }
        var stream = Stream(
            channel: stored.channel, epoch: stored.epoch, top: stored.top, reserved: stored.top,
            version: stored.version, reservedVersion: stored.version, expiresAt: stored.expiresAt,
            notedEnd: stored.expiresAt)
        if stored.publications.last?.publication.offset == stored.top {
            for publication in stored.publications { stream.window.append(publication) }
        }
        reschedule(insert(stream))
        shed()
    }

    /// Takes in a remembered outcome from a store; in the order of their expiry.
    package mutating func restore(_ key: StoredKey) { keys.remember(key) }

    /// The stream without its publications, when a store does not know yet that it was begun or used.
    ///
    /// Uses follow each other closely, so its end is told when it has moved by an hour, or an eighth of its time.
    package func unnoted(_ channel: String, policy: HistoryPolicy) -> StoredStream? {
        guard let slot = slots[channel] else { return nil }
        let stream = streams[slot]
        if let noted = stream.notedEnd, stream.expiresAt < noted + min(.seconds(3_600), policy.metaTTL / 8) {
            return nil
        }
        return StoredStream(
            channel: channel, epoch: stream.epoch, top: stream.top, version: stream.version,
            expiresAt: stream.expiresAt)
    }

    /// A store has been told what ``unnoted(_:policy:)`` said.
    package mutating func note(_ stream: StoredStream) {
        guard let slot = slots[stream.channel] else { return }
        streams[slot].notedEnd = stream.expiresAt
    }

    /// A whole stream as a store would hold it; `nil` when there is none.
    package func stored(_ channel: String) -> StoredStream? {
        guard let slot = slots[channel] else { return nil }
        let stream = streams[slot]
        return StoredStream(
            channel: channel, epoch: stream.epoch, top: stream.top, version: stream.version,
            expiresAt: stream.expiresAt, publications: stream.window.all)
    }
}

extension StreamTable {
    /// Forgets what is over: publications, streams and keys.
    ///
    /// Due work that stays undone waits for the next call; nobody can read it meanwhile.
    ///
    /// - Parameters:
    ///   - now: What is over is decided by it.
    ///   - limit: Publications, streams and keys to forget at most.
    /// - Returns: How many were forgotten; `limit` means that more may be due.
    @discardableResult
    package mutating func expire(now: WallTime, limit: Int = 1_000) -> Int {
        var done = keys.expire(now: now, limit: limit)
        while done < limit, let entry = windows.first, entry.deadline <= now {
            done += max(1, dropExpired(entry.slot, now: now, limit: limit - done))
        }
        while done < limit, let entry = lives.first, entry.deadline <= now {
            settle(entry.slot, now: now)
            done += 1
        }
        return done
    }

    /// Drops a stream's publications that are over and sets its deadline right.
    @discardableResult
    mutating func dropExpired(_ slot: Int, now: WallTime, limit: Int) -> Int {
        var dropped = 0
        change(slot) { stream in
            while dropped < limit, let first = stream.window.first, first.expiresAt <= now {
                stream.window.removeFirst()
                dropped += 1
            }
        }
        reschedule(slot)
        return dropped
    }

    private mutating func reschedule(_ slot: Int) {
        if let first = streams[slot].window.first {
            windows.set(slot, to: first.expiresAt)
        } else {
            windows.remove(slot)
        }
    }

    /// Forgets a stream whose time is over, or notes when that will be.
    private mutating func settle(_ slot: Int, now: WallTime) {
        // Its publications are being written: a second is longer than that takes.
        if streams[slot].isAwaited { return lives.set(slot, to: now + .seconds(1)) }
        if streams[slot].expiresAt > now { return lives.set(slot, to: streams[slot].expiresAt) }
        forget(slot)
    }

    mutating func insert(_ stream: Stream) -> Int {
        while slots.count >= limits.streams, shedStream() {}
        let slot = freeSlots.popLast() ?? streams.count
        slots[stream.channel] = slot
        lives.set(slot, to: stream.expiresAt)
        publicationCount += stream.window.count
        byteCount += stream.window.byteCount
        if slot == streams.count { streams.append(stream) } else { streams[slot] = stream }
        return slot
    }

    mutating func forget(_ slot: Int) {
        slots[streams[slot].channel] = nil
        windows.remove(slot)
        lives.remove(slot)
        freeSlots.append(slot)
        change(slot) {
            $0 = Stream(
                channel: "", epoch: "", top: 0, reserved: 0, expiresAt: WallTime(milliseconds: 0))
        }
    }

    /// Drops the publications nearest to their expiry until the rest fits.
    mutating func shed() {
        while byteCount > limits.byteCount, let entry = windows.first {
            change(entry.slot) { $0.window.removeFirst() }
            shedPublications &+= 1
            reschedule(entry.slot)
        }
    }

    /// Forgets the stream used longest ago; answers `false` when each has publications waiting to be written.
    private mutating func shedStream() -> Bool {
        // Entries may be early: as many are set right as one insertion can afford.
        for _ in 0..<16 {
            guard let entry = lives.first else { return false }
            if streams[entry.slot].expiresAt > entry.deadline {
                lives.set(entry.slot, to: streams[entry.slot].expiresAt)
            } else if streams[entry.slot].isAwaited {
                lives.set(entry.slot, to: entry.deadline + .seconds(1))
            } else {
                forget(entry.slot)
                shedStreams &+= 1
                return true
            }
        }
        return false
    }
}
