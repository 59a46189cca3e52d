import BelfryAnomaly
import BelfryBytes
import Synchronization

/// What a row of round trips tells: only its changes are news.
struct ProbeRecord: Sendable {
    /// Since ``takeOutcome()`` was called last; one failure outweighs a success.
    private var outcome = TickSummary.Probe.notRun
    private(set) var failuresInARow = 0
    private var failingSince = Instant(nanoseconds: 0)

    enum News: Equatable {
        case failed
        case passed(after: Duration)
    }

    mutating func failed(at now: Instant) -> News? {
        outcome = .failed
        failuresInARow += 1
        guard failuresInARow == 1 else { return nil }
        failingSince = now
        return .failed
    }

    mutating func passed(at now: Instant) -> News? {
        let wasFailing = failuresInARow > 0
        if outcome == .notRun { outcome = .passed }
        failuresInARow = 0
        return wasFailing ? .passed(after: now - failingSince) : nil
    }

    /// How the round trips went since the last call.
    mutating func takeOutcome() -> TickSummary.Probe {
        defer { outcome = .notRun }
        return outcome
    }
}

/// The record that the probe writes and the detectors read.
final class ProbeState: Sendable {
    private let record = Mutex(ProbeRecord())

    func note<Result: Sendable>(_ body: (inout ProbeRecord) -> Result) -> Result {
        record.withLock { body(&$0) }
    }

    func takeOutcome() -> TickSummary.Probe { record.withLock { $0.takeOutcome() } }
}
