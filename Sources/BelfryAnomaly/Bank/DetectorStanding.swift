/// Where one detector stands at the end of a tick, for whoever asks why it is silent, or is not.
package struct DetectorStanding: Sendable {
    /// What becomes of what it sees.
    package enum Learning: Sendable {
        /// It has not seen enough to judge.
        case warmingUp
        case learning
        /// One of its alerts fires, so what it sees is not taken for usual; for an hour at most.
        case frozen
        /// Its limits are fixed.
        case fixed
    }

    package struct AlertStanding: Sendable {
        package let name: AlertName
        package let isShadow: Bool
        package let isOff: Bool
        package let progress: AlertProgress
    }

    package let signal: Signal
    /// What it saw last; `nil` before the first tick.
    package let reading: Reading?
    /// There was enough of it, and of the right kind, for its score to count.
    package let isJudged: Bool
    package let learning: Learning
    /// Of the signal, in the order of their names' definition.
    package let alerts: [AlertStanding]
}

extension DetectorBank {
    /// All detectors, in the order of their definition.
    package var standings: [DetectorStanding] {
        let progress = progress
        return Signal.allCases.map { signal in
            let alerts = AlertName.allCases.filter { $0.signal == signal }.map { name in
                DetectorStanding.AlertStanding(
                    name: name, isShadow: shadow.contains(name), isOff: off.contains(name),
                    progress: progress[name] ?? AlertProgress())
            }
            return DetectorStanding(
                signal: signal, reading: readings.raw(signal), isJudged: readings.isJudged(signal),
                learning: learning(signal), alerts: alerts)
        }
    }

    private func learning(_ signal: Signal) -> DetectorStanding.Learning {
        guard signal.learns else { return .fixed }
        if readings.raw(signal)?.isLearning ?? true { return .warmingUp }
        return frozen.contains(signal) ? .frozen : .learning
    }
}
