import Synchronization

/// Says things once a day, each under its own name.
final class DailyNotices: Sendable {
    private let days = Mutex<[String: Int64]>([:])

    /// Whether `name` has not been said on `day`; it counts as said from now on.
    func isDue(_ name: String, day: Int64) -> Bool {
        days.withLock { $0.updateValue(day, forKey: name) != day }
    }
}
