package import BelfryObserve

/// Where the side port's answers come from.
///
/// Called from any thread, several times at once.
package protocol SidePortSource: StatusSource {
    /// The whole page, or the families of these names.
    func metrics(_ format: ExpositionFormat, only names: Set<String>?) async -> [UInt8]
    func health() -> HealthReport
    func readiness() -> ReadinessReport
    /// As they stood after the last tick.
    func detectors() -> DetectorReport
    /// Collect the records, of the query's room alone if it names one, and let ``ConnectionQuery/page(of:)``
    /// do the rest.
    func connections(_ query: ConnectionQuery) async -> ConnectionPage
}

/// Whether the process is alive: every event loop still turns.
package struct HealthReport: Sendable {
    package struct Loop: Sendable {
        package var name: String
        package var sinceLastTick: Duration

        package init(name: String, sinceLastTick: Duration) {
            self.name = name
            self.sinceLastTick = sinceLastTick
        }
    }

    /// A loop that has not turned for so long will not turn again: a tick is milliseconds even under
    /// overload.
    package static let tickLimit: Duration = .seconds(5)

    package var loops: [Loop]

    package init(loops: [Loop]) { self.loops = loops }

    package var isHealthy: Bool { loops.allSatisfy(Self.isAlive) }

    static func isAlive(_ loop: Loop) -> Bool { loop.sinceLastTick < tickLimit }
}

/// Whether clients should be sent here.
package struct ReadinessReport: Sendable {
    package struct Check: Sendable {
        package var name: String
        package var isPassed: Bool
        /// One line for people; no secrets.
        package var detail: String

        package init(name: String, isPassed: Bool, detail: String = "") {
            self.name = name
            self.isPassed = isPassed
            self.detail = detail
        }
    }

    package var state: ServiceState
    /// Listener, certificate, keys, journal.
    package var checks: [Check]

    package init(state: ServiceState, checks: [Check]) {
        self.state = state
        self.checks = checks
    }

    package var isReady: Bool { state == .serving && checks.allSatisfy(\.isPassed) }
}

extension HealthReport {
    /// The answer of `/livez?verbose`, and of `/healthz?verbose`.
    var lines: [String] {
        loops.map { loop in
            let (seconds, attoseconds) = loop.sinceLastTick.components
            let milliseconds = seconds &* 1000 &+ attoseconds / 1_000_000_000_000_000
            return (Self.isAlive(loop) ? "[+]" : "[-]") + "\(loop.name): last tick \(milliseconds) ms ago"
        }
    }
}

extension ReadinessReport {
    /// The answer of `/readyz?verbose`.
    var lines: [String] {
        let all = [Check(name: "state", isPassed: state == .serving, detail: state.label)] + checks
        return all.map { check in
            (check.isPassed ? "[+]" : "[-]") + check.name + (check.detail.isEmpty ? "" : ": \(check.detail)")
        }
    }
}
