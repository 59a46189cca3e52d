import BelfryAnomaly

/// Who uses a relay, and when.
package enum TrafficShape: String, CaseIterable, Sendable {
    case office
    case gameEvening = "game evening"
    case globalFlat = "global flat"
    case tinyTeam = "tiny team"
    case launch

    /// Users there are; about three in five are connected at the busiest time.
    package var users: Int {
        switch self {
        case .office: 1_500
        case .gameEvening: 3_000
        case .globalFlat: 2_000
        case .tinyTeam: 24
        case .launch: 800
        }
    }

    /// Messages in 10 s at the busiest time.
    package var peakMessages: Double {
        switch self {
        case .office: 200
        case .gameEvening: 400
        case .globalFlat: 150
        case .tinyTeam: 3
        case .launch: 60
        }
    }

    /// Share of the users behind one address.
    package var behindOneNet: Double { self == .office || self == .tinyTeam ? 0.4 : 0.02 }

    /// Hours of the day at which incidents begin: the relay is in use then.
    package var incidentHours: [Double] {
        switch self {
        case .office, .tinyTeam: [9.75, 11.75, 13.75, 15.75]
        case .gameEvening: [17.5, 19.25, 21, 22.75]
        case .globalFlat: [2, 8, 14, 20]
        case .launch: [10, 13, 16, 20]
        }
    }

    package func isQuietDay(_ day: Int) -> Bool {
        let isWeekend = day % 7 == 2 || day % 7 == 3
        return isWeekend && (self == .office || self == .tinyTeam)
    }

    /// Every seventh day at 18:00 the launching one has guests: ten times the load within 15 minutes.
    package static func isLaunchDay(_ day: Int) -> Bool { day % 7 == 5 }

    /// The load as a share of the busiest time.
    ///
    /// - Parameter time: Seconds from midnight of a Thursday.
    /// - Returns: Mostly 0 to 1; guests bring more.
    package func load(at time: Int) -> Double {
        let day = time / 86_400
        let hour = Double(time % 86_400) / 3_600
        switch self {
        case .office, .tinyTeam:
            return isQuietDay(day) ? 0.03 : 0.02 + 0.98 * Self.plateau(hour, from: 8.5, to: 17.5, ramp: 0.8)
        case .gameEvening:
            let weekend = day % 7 == 2 || day % 7 == 3 ? 1.2 : 1.0
            // The evening goes on after midnight.
            let late = hour < 6 ? hour + 24 : hour
            return weekend * (0.08 + 0.75 * Self.plateau(late, from: 17, to: 23.4, ramp: 1.5))
        case .globalFlat:
            return 0.9 + 0.1 * Self.hump(hour, middle: 15, width: 6)
        case .launch:
            return 0.2 + 0.4 * Self.hump(hour, middle: 15, width: 5) + Self.guests(day, hour)
        }
    }

    private static func plateau(_ hour: Double, from: Double, to: Double, ramp: Double) -> Double {
        let up = 1 / (1 + RealMath.exp(-(hour - from) * 4 / ramp))
        let down = 1 / (1 + RealMath.exp((hour - to) * 4 / ramp))
        return up * down
    }

    private static func hump(_ hour: Double, middle: Double, width: Double) -> Double {
        RealMath.exp(-(hour - middle) * (hour - middle) / (2 * width * width))
    }

    private static func guests(_ day: Int, _ hour: Double) -> Double {
        guard isLaunchDay(day), hour >= 18 else { return 0 }
        return 4 * min(1, (hour - 18) * 4) * RealMath.exp(-max(0, hour - 18.25) / 1.2)
    }
}
