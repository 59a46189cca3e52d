/// When a source of keys that fails again and again is worth another entry.
struct KeyComplaint: Sendable {
    private static let repetition = Duration.seconds(300)

    private var last: (reason: String, at: Duration)?

    /// The first failure, each new reason, and one reminder in five minutes.
    mutating func isDue(_ reason: String, at now: Duration) -> Bool {
        if let last, last.reason == reason, now - last.at < Self.repetition { return false }
        last = (reason, now)
        return true
    }
}
