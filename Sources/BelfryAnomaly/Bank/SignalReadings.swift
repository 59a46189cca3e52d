/// What each detector saw last, for the metrics: one reading for each signal.
package struct SignalReadings: Sendable {
    private var seen: [Signal: Reading] = [:]
    /// Signals of which there was too little, or not of the right kind.
    private var unjudged: Set<Signal> = []

    package init() {}

    /// As it is judged: with a score of 0 where it is not.
    package subscript(signal: Signal) -> Reading? {
        guard var reading = seen[signal] else { return nil }
        if unjudged.contains(signal) { reading.score = 0 }
        return reading
    }

    /// The same with the score that it has anyway.
    package func raw(_ signal: Signal) -> Reading? { seen[signal] }

    package func isJudged(_ signal: Signal) -> Bool { seen[signal] != nil && !unjudged.contains(signal) }

    /// - Parameters:
    ///   - signal: What was looked at.
    ///   - reading: What was seen in this tick.
    ///   - isJudged: Whether there was enough of it, and of the right kind; otherwise the score counts as 0.
    mutating func note(_ signal: Signal, _ reading: Reading, isJudged: Bool = true) {
        seen[signal] = reading
        if isJudged { unjudged.remove(signal) } else { unjudged.insert(signal) }
    }

    /// The same, where another detector of the signal has not seen worse in this tick.
    mutating func raise(_ signal: Signal, _ reading: Reading) {
        guard let known = self[signal], known.level >= reading.level else { return note(signal, reading) }
    }

    func merging(_ other: SignalReadings) -> SignalReadings {
        var merged = self
        merged.unjudged.subtract(other.seen.keys)
        merged.unjudged.formUnion(other.unjudged)
        merged.seen.merge(other.seen) { $1 }
        return merged
    }
}

extension Reading {
    /// The score as a share of the one that fires; 0 while it may not fire.
    package var level: Double { isLearning || limit <= 0 ? 0 : max(0, score / limit).finite() }
}
