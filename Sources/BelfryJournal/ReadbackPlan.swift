/// When to read back, what counts, and what is said of it.
struct ReadbackPlan: Sendable {
    let interval: Duration
    /// Readings in a row that did not find the entry.
    private var misses = 0
    private var hasToldUnreadable = false

    /// An entry that was handed over this moment may not be stored yet.
    private static let missesMax = 3
    private static let retry = Duration.seconds(1)
    /// While entries are missing nothing is more urgent than to see that they come again.
    private static let watch = Duration.seconds(5)

    init(interval: Duration) { self.interval = interval }

    /// Time to the next reading.
    var pause: Duration {
        switch misses {
        case 0: interval
        case ..<Self.missesMax: min(interval, Self.retry)
        default: min(interval, Self.watch)
        }
    }

    /// Whether the reading says something; a miss does when it is not the first.
    mutating func counts(_ readback: Readback) -> Bool {
        guard case .missing = readback else {
            misses = 0
            return true
        }
        misses = min(misses + 1, Self.missesMax)
        return misses == Self.missesMax
    }

    /// A line for whoever looks at standard error, once.
    mutating func notice(for readback: Readback) -> String? {
        guard case .unreadable = readback, !hasToldUnreadable else { return nil }
        hasToldUnreadable = true
        return "warning journal \"own entries cannot be read back and are not verified: "
            + "the relay's user is not in the group systemd-journal\"\n"
    }
}
