/// What is usual at this half hour, apart for weekdays and weekends.
///
/// Half an hour follows a morning's rise to a few percent of its height, and 96 numbers fill a few lines of
/// cache. Between the middles of two halves the profile runs straight.
package struct SeasonalProfile: Restorable, Sendable {
    private static let slots = 48
    private static let slotSeconds = 1_800

    /// Weight of one tick in its slot; a slot's day of ticks should weigh about a third.
    private let alpha: Double
    private var level: [Double]
    private var seen: [Double]

    package init(alpha: Double) {
        self.alpha = alpha.clamped(1e-9, 1)
        level = [Double](repeating: 0, count: 2 * Self.slots)
        seen = level
    }

    /// The usual value at a time, or `nil` while the slot or its neighbour has not been seen.
    ///
    /// - Parameter time: Seconds since 1970 in the operators' time zone.
    /// - Returns: In the unit of what was learnt.
    package func expected(at time: Int) -> Double? {
        let (slot, neighbour, share) = position(time)
        guard seen[slot] >= 30 else { return nil }
        guard seen[neighbour] >= 30 else { return level[slot] }
        return level[slot] + (level[neighbour] - level[slot]) * share
    }

    package mutating func learn(_ value: Double, at time: Int) {
        guard value.isFinite else { return }
        let slot = position(time).slot
        seen[slot] = min(seen[slot] + 1, 0x1p53)
        level[slot] += max(alpha, 1 / seen[slot]) * (value - level[slot])
    }

    /// The slot, the one whose middle is nearest besides, and how far towards it (0 to 0.5).
    private func position(_ time: Int) -> (slot: Int, neighbour: Int, share: Double) {
        let day = Self.floorDivide(time, 86_400)
        let second = time - day * 86_400
        // Day 0 was a Thursday, so 2 and 3 are Saturday and Sunday.
        let weekday = day - Self.floorDivide(day, 7) * 7
        let first = weekday == 2 || weekday == 3 ? Self.slots : 0
        let slot = second / Self.slotSeconds
        let offset = Double(second % Self.slotSeconds) / Double(Self.slotSeconds) - 0.5
        let neighbour = (slot + (offset < 0 ? Self.slots - 1 : 1)) % Self.slots
        return (first + slot, first + neighbour, abs(offset))
    }

    private static func floorDivide(_ value: Int, _ divisor: Int) -> Int {
        value >= 0 ? value / divisor : -((-(value + 1)) / divisor) - 1
    }

    package mutating func show(to visitor: inout some StateVisitor) throws(StateError) {
        try visitor.visit(&level)
        try visitor.visit(&seen)
        guard seen.allSatisfy({ $0 >= 0 }) else { throw .impossible }
    }
}
