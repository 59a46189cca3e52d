package import Foundation

/// What `/detectors` answers: where each detector stood at the end of the last tick.
///
/// Its size is that of the set of detectors, whatever clients do.
package struct DetectorReport: Sendable, Encodable {
    package var isOn: Bool
    /// Seconds of the clock that a tick takes; detectors count it as ten.
    package var tickSeconds: Double
    /// Since the start.
    package var ticks: UInt64
    /// When the last tick was judged; `nil` before the first.
    package var judged: Date?
    package var detectors: [DetectorRecord]

    package init(isOn: Bool, tickSeconds: Double, ticks: UInt64 = 0, judged: Date? = nil) {
        self.isOn = isOn
        self.tickSeconds = tickSeconds
        self.ticks = ticks
        self.judged = judged
        detectors = []
    }

    private enum Key: String, CodingKey {
        case isOn = "enabled"
        case tickSeconds = "tick_seconds"
        case ticks, judged, detectors
    }

    package func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(isOn, forKey: .isOn)
        try object.encode(tickSeconds, forKey: .tickSeconds)
        try object.encode(ticks, forKey: .ticks)
        try object.encode(judged?.alertText, forKey: .judged)
        try object.encode(detectors, forKey: .detectors)
    }
}
