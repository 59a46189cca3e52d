private import BelfryBytes

/// One budget: how fast it refills and how much of it may be spent at once.
///
/// The rule is GCRA, the generic cell rate algorithm (ITU-T I.371): a key's whole state is one time, the
/// theoretical arrival time (TAT) at which its budget is full again. There is no refill task, the wait after
/// a refusal is exact, and a key that is idle long enough needs no state at all.
package struct LimitRule: Hashable, Sendable {
    /// What a burst may be, in units.
    package static let burstRange = 1...1_000_000

    /// Nanoseconds in which one unit comes back.
    ///
    /// Rounded up: never more than the rate.
    let interval: UInt64
    /// Nanoseconds in which an empty budget becomes full: `burst` intervals.
    let fullAfter: UInt64

    /// - Parameters:
    ///   - rate: Units that come back in a period.
    ///   - burst: Units that may be spent at once, 1 to 1,000,000; clamped.
    package init(rate: Rate, burst: Int) {
        self.init(units: UInt64(rate.count), nanoseconds: rate.period.nanoseconds, burst: burst)
    }

    /// A budget of `burst` units that comes back evenly within `window`.
    package init(burst: Int, window: Duration) {
        let burst = Self.clamped(burst)
        self.init(
            units: UInt64(burst), nanoseconds: UInt64(clamping: window.clampedNanoseconds), burst: burst)
    }

    private init(units: UInt64, nanoseconds: UInt64, burst: Int) {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: units)
        interval = max(1, remainder == 0 ? quotient : quotient + 1)
        fullAfter = interval.multipliedSaturating(by: UInt64(Self.clamped(burst)))
    }

    private static func clamped(_ burst: Int) -> Int {
        min(max(burst, burstRange.lowerBound), burstRange.upperBound)
    }

    /// Spends `cost` units of the budget that is full again at `arrival`.
    ///
    /// A cost above the burst counts as the whole burst, else it could never be paid. An arrival further
    /// ahead than an empty budget (the clock went back, or the rule became stricter) counts as an empty
    /// budget, so nobody waits longer than the refill of what is asked for.
    ///
    /// - Returns: The new arrival when paid, else the nanoseconds to wait until the same cost can be paid.
    func spend(_ cost: Int, arrival: UInt64, now: UInt64) -> Spending {
        let increment = min(interval.multipliedSaturating(by: UInt64(clamping: cost)), fullAfter)
        let owed = arrival > now ? min(arrival &- now, fullAfter) : 0
        // owed and increment are each at most fullAfter, so the subtraction below cannot wrap.
        let room = fullAfter &- owed
        guard increment <= room else { return .short(by: increment &- room) }
        return .paid(arrival: now.addingSaturating(owed &+ increment))
    }

    /// What ``spend(_:arrival:now:)`` answers; times in nanoseconds.
    enum Spending: Equatable, Sendable {
        case paid(arrival: UInt64)
        case short(by: UInt64)
    }
}

extension UInt64 {
    func multipliedSaturating(by other: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }

    func addingSaturating(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
