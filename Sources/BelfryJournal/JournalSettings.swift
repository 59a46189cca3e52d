package import BelfryObserve

/// Where entries go and how many may wait.
package struct JournalSettings: Sendable {
    package enum Mode: String, CaseIterable, Sendable {
        /// Journald; standard error for as long as journald is absent.
        case auto
        /// Journald or nothing: without it the start fails, and later absence is loss, counted and stated.
        case required
        /// Standard error only, for containers whose platform collects it.
        case stderr
    }

    package var mode: Mode
    package var queue = QueueLimits()
    /// Entries less urgent than this are left out, except audit events, which have no level.
    package var level = Priority.info
    /// How long a flood of one kind from one source is counted before it becomes an entry.
    package var aggregationWindow = Duration.seconds(10)
    /// How often an absent journald is looked for, and a gap that could not be written is tried again.
    package var probeInterval = Duration.seconds(1)
    /// How often the newest audit entry is read back; zero for never.
    package var verifyInterval = Duration.seconds(60)
    /// How long one call to journald may take before audit entries count as not being written.
    ///
    /// A healthy one takes 32 µs, a restart of journald half a second, an fsync on a busy disk a second or two.
    package var stallLimit = Duration.seconds(5)
    /// The key of BELFRY_CHAIN; empty for the chain that anybody can compute.
    package var chainKey: [UInt8] = []

    package init(mode: Mode = .auto) { self.mode = mode }
}

/// The bounds of the queue before the writer.
///
/// At twenty microseconds an entry the writer empties a full queue in a quarter of a second; the numbers are
/// for the time journald stands still. The bytes are those of the texts, and bound the memory that hostile
/// names and reasons can hold.
package struct QueueLimits: Sendable, Equatable {
    package var auditEntries = 8192
    package var auditBytes = 16 * 1024 * 1024
    package var infoEntries = 4096
    package var infoBytes = 8 * 1024 * 1024

    package init() {}
}

/// Why no journal could be started.
package enum JournalError: Error, Equatable, CustomStringConvertible {
    /// Mode `required`, and nobody answers at journald's socket.
    case unreachable(path: String, errno: Int32)
    /// No writer thread.
    case threadNotStarted(errno: Int32)

    package var description: String {
        switch self {
        case .unreachable(let path, let errno):
            "journal.mode is required, but journald does not answer at \(path) (errno \(errno))"
        case .threadNotStarted(let errno):
            "the journal's writer thread could not be started (errno \(errno))"
        }
    }
}
