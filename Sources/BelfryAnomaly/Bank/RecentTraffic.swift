// A sketch cannot forget, so each tick keeps its own, and whoever asks has them merged: the counts are never too low, and the
// errors of the parts add up (Agarwal and others, PODS 2012).

/// Who caused the traffic of the last ticks, a minute of it; as bounded as the sketches it is made of.
package struct RecentTraffic: Sendable {
    package static let ticksMax = 6

    package struct Tick: Sendable {
        package let accepts: HeavyHitters
        package let senders: HeavyHitters
        package let rooms: HeavyHitters
        package let deliveries: HeavyHitters
        fileprivate let isSampled: Bool
    }

    /// The oldest first.
    private var ticks: [Tick] = []

    package init() {}

    /// How many ticks it is about, 0 to ``ticksMax``.
    package var count: Int { ticks.count }

    /// Publications and deliveries were so many that not all were looked at: their counts are estimates.
    package var isSampled: Bool { ticks.contains(where: \.isSampled) }

    /// Takes a tick of all loops together; the oldest gives way.
    package mutating func add(_ sketch: TrafficSketch, isSampled: Bool) {
        if ticks.count == Self.ticksMax { ticks.removeFirst() }
        ticks.append(
            Tick(
                accepts: sketch.accepts, senders: sketch.senders, rooms: sketch.rooms,
                deliveries: sketch.deliveries, isSampled: isSampled))
    }

    /// One table over all ticks.
    package func merged(_ table: (Tick) -> HeavyHitters) -> HeavyHitters? {
        guard var sum = ticks.first.map(table) else { return nil }
        for tick in ticks.dropFirst() { sum.merge(table(tick)) }
        return sum
    }
}
