import BelfryAnomaly
import BelfryBytes
import BelfrySidePort
import Foundation
import Synchronization

/// Where the detectors stood after the last tick: written once a tick, read by any thread.
final class DetectorDesk: Sendable {
    private let report: Mutex<DetectorReport>

    init(_ configuration: Configuration) {
        let seconds = Double(configuration.alerts.tick.clampedNanoseconds) / 1e9
        report = Mutex(DetectorReport(isOn: configuration.alerts.isEnabled, tickSeconds: seconds))
    }

    var current: DetectorReport { report.withLock { $0 } }

    func update(_ standings: [DetectorStanding], at wall: Date) {
        let records = standings.map(DetectorRecord.init)
        report.withLock { report in
            report.ticks &+= 1
            report.judged = wall
            report.detectors = records
        }
    }

    /// After a reload: on or off, and alerts in other modes; what is off shows nothing of what it saw before.
    func turn(isOn: Bool, _ standings: [DetectorStanding]) {
        let records = standings.map(DetectorRecord.init)
        report.withLock { report in
            report.isOn = isOn
            if !isOn { report.judged = nil }
            report.detectors = report.judged == nil ? [] : records
        }
    }
}

extension DetectorRecord {
    init(_ standing: DetectorStanding) {
        self.init(
            name: standing.signal.rawValue, learning: Learning(standing.learning),
            sight: standing.reading.map { Sight($0, isJudged: standing.isJudged) },
            alerts: standing.alerts.map(Alert.init))
    }
}

extension DetectorRecord.Learning {
    fileprivate init(_ learning: DetectorStanding.Learning) {
        switch learning {
        case .warmingUp: self = .warmingUp
        case .learning: self = .on
        case .frozen: self = .frozen
        case .fixed: self = .never
        }
    }
}

extension DetectorRecord.Sight {
    fileprivate init(_ reading: Reading, isJudged: Bool) {
        self.init(
            observed: reading.observed.jsonSafe, expected: reading.expected.jsonSafe,
            unit: reading.unit.rawValue, windowSeconds: reading.window, score: reading.score.jsonSafe,
            limit: reading.limit.jsonSafe, isJudged: isJudged)
    }
}

extension DetectorRecord.Alert {
    fileprivate init(_ standing: DetectorStanding.AlertStanding) {
        self.init(
            name: standing.name.rawValue, severity: AlertRecord.Severity(standing.name.severity),
            mode: standing.isOff ? .off : standing.isShadow ? .shadow : .on,
            firing: standing.progress.firing, clearing: standing.progress.clearing,
            pending: standing.progress.pending, ticks: standing.progress.ticks,
            ticksNeeded: standing.name.pendingTicks)
    }
}
