/// How many different keys were seen in about the last minutes or hours.
///
/// A ring of counters, each of an equal part of the time; the oldest makes room for the newest. It covers between all
/// but one part and the whole time.
package struct SlidingDistinct: Sendable {
    /// 2,048 registers: a standard error of 2.3 %.
    package static let precision = 11

    private var parts: [DistinctCounter]
    private let ticksPerPart: Int
    private var current = 0
    private var ticks = 0

    /// - Parameters:
    ///   - parts: Counters, 2 KiB each once they have seen more than a few keys.
    ///   - ticksPerPart: Ticks that share one.
    package init(parts: Int, ticksPerPart: Int) {
        self.parts = Array(repeating: DistinctCounter(precision: Self.precision), count: max(1, parts))
        self.ticksPerPart = max(1, ticksPerPart)
    }

    /// Adds what one tick has seen, and begins the next part when it is due.
    package mutating func advance(_ seen: DistinctCounter) {
        if ticks == ticksPerPart {
            current = (current + 1) % parts.count
            parts[current].removeAll()
            ticks = 0
        }
        parts[current].merge(seen)
        ticks += 1
    }

    package var estimate: Double {
        var all = DistinctCounter(precision: Self.precision)
        for part in parts { all.merge(part) }
        return all.estimate
    }
}
