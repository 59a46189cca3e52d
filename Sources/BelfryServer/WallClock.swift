import BelfryBytes
import Dispatch
import Foundation

/// The wall clock, for what tokens and certificates say.
enum WallClock {
    /// Seconds since 1970.
    @Sendable static func unixSeconds() -> Int64 { Int64(Date().timeIntervalSince1970) }
}

/// The loops' clock, for whoever is no loop.
enum MonotonicClock {
    static func now() -> Instant { Instant(nanoseconds: DispatchTime.now().uptimeNanoseconds) }
}

/// The environment the process was started with.
package enum ProcessEnvironment {
    package static var variables: [String: String] { ProcessInfo.processInfo.environment }
}
