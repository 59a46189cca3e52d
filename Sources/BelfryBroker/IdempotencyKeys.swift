import BelfryProtocol

/// Outcomes of publications with an idempotency key, each for its window.
struct IdempotencyKeys: Sendable {
    private struct Name: Hashable {
        let channel: String
        let key: String
    }

    private struct Outcome {
        let position: StreamPosition?
        let expiresAt: WallTime
    }

    private struct Turn {
        let name: Name
        let expiresAt: WallTime
    }

    private var outcomes: [Name: Outcome] = [:]
    /// In the order they came, with gaps at the front up to `head`.
    private var turns: [Turn] = []
    private var head = 0
    private let maximum: Int

    init(maximum: Int) { self.maximum = max(maximum, 1) }

    var count: Int { outcomes.count }

    /// What became of an earlier publication with this key: an outcome within an optional, itself without a position
    /// when the channel keeps no history.
    func outcome(of key: String, in channel: String, now: WallTime) -> StreamPosition?? {
        guard let outcome = outcomes[Name(channel: channel, key: key)], now < outcome.expiresAt
        else { return nil }
        return .some(outcome.position)
    }

    /// Remembers an outcome; the oldest one is forgotten early when there are too many.
    mutating func remember(_ key: StoredKey) {
        let name = Name(channel: key.channel, key: key.key)
        outcomes[name] = Outcome(position: key.position, expiresAt: key.expiresAt)
        turns.append(Turn(name: name, expiresAt: key.expiresAt))
        while turns.count - head > maximum { forgetFirst() }
    }

    mutating func forget(_ key: StoredKey) {
        outcomes[Name(channel: key.channel, key: key.key)] = nil
    }

    /// Forgets what is over, at most `limit` of them.
    mutating func expire(now: WallTime, limit: Int) -> Int {
        var done = 0
        while done < limit, head < turns.count, turns[head].expiresAt <= now {
            forgetFirst()
            done += 1
        }
        return done
    }

    private mutating func forgetFirst() {
        let turn = turns[head]
        // A key used again after its window has a later turn of its own.
        if outcomes[turn.name]?.expiresAt == turn.expiresAt { outcomes[turn.name] = nil }
        head += 1
        guard head >= 64, head * 2 >= turns.count else { return }
        turns.removeFirst(head)
        head = 0
    }
}
