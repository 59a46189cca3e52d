import BelfryBytes
import BelfryReactor
import Dispatch
import Foundation

/// The wall clock, for what tokens and certificates say.
enum WallClock {
    /// Seconds since 1970.
    @Sendable static func unixSeconds() -> Int64 { Int64(Date().timeIntervalSince1970) }

    static func unixMilliseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }
}

/// The loops' clock, for whoever is no loop.
enum MonotonicClock {
    static func now() -> Instant { Instant(nanoseconds: DispatchTime.now().uptimeNanoseconds) }
}

/// The environment the process was started with.
package enum ProcessEnvironment {
    package static var variables: [String: String] { ProcessInfo.processInfo.environment }
}

/// What this machine is called.
enum HostName {
    /// From the kernel: a name service might make us wait, and a sandbox hides /proc/sys (ProcSubset=pid).
    static var text: String { ProcessSetup.hostName ?? "localhost" }
}
