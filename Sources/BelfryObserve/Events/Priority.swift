/// How urgent a journal entry is: the eight levels of syslog(3), most urgent first.
///
/// Belfry sends nothing above `error` by itself: journald answers each of the first three levels with an
/// immediate fsync, and a flood of them would be an attack on its own disk.
package enum Priority: UInt8, CaseIterable, Comparable, Sendable {
    case emergency = 0
    case alert = 1
    case critical = 2
    case error = 3
    case warning = 4
    case notice = 5
    case info = 6
    case debug = 7

    /// The name used on standard error and as the metric label `priority`.
    package var name: String {
        switch self {
        case .emergency: "emerg"
        case .alert: "alert"
        case .critical: "crit"
        case .error: "err"
        case .warning: "warning"
        case .notice: "notice"
        case .info: "info"
        case .debug: "debug"
        }
    }

    /// The more urgent one is the smaller one, as in the number journald stores.
    package static func < (left: Priority, right: Priority) -> Bool { left.rawValue < right.rawValue }
}
