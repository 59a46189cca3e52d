/// For the keys with the most events, how many different others came with each: subjects per source.
///
/// Bounded whatever comes: ``HeavyHitters`` says which keys, and a key that gives up its place takes its counter
/// with it.
package struct DistinctPerKey: Sendable {
    package struct Entry: Sendable {
        package let key: UInt64
        package let events: UInt64
        package let distinct: Double
    }

    private var keys: HeavyHitters
    private var counters: [DistinctCounter]
    private let precision: Int

    package init(capacity: Int, precision: Int = 7) {
        keys = HeavyHitters(capacity: capacity)
        counters = []
        self.precision = precision
    }

    package var total: UInt64 { keys.total }
    /// How evenly the events are spread over the keys, from 0 to 1.
    package var evenness: Double { keys.evenness }

    package mutating func add(_ key: UInt64, with other: UInt64) {
        let (slot, isNew) = keys.add(key)
        if slot == counters.count {
            counters.append(DistinctCounter(precision: precision))
        } else if isNew {
            counters[slot] = DistinctCounter(precision: precision)
        }
        counters[slot].add(other)
    }

    /// All keys, the one with the most different others first.
    package var ranking: [Entry] {
        keys.inSlots.enumerated().map { slot, entry in
            Entry(key: entry.key, events: entry.guaranteed, distinct: counters[slot].estimate)
        }.sorted { $0.distinct != $1.distinct ? $0.distinct > $1.distinct : $0.key < $1.key }
    }

    /// Adds what another sketch has seen.
    package mutating func merge(_ other: DistinctPerKey) {
        var known: [UInt64: DistinctCounter] = [:]
        for (slot, entry) in keys.inSlots.enumerated() { known[entry.key] = counters[slot] }
        for (slot, entry) in other.keys.inSlots.enumerated() {
            known[entry.key, default: DistinctCounter(precision: precision)].merge(other.counters[slot])
        }
        keys.merge(other.keys)
        counters = keys.inSlots.map { known[$0.key] ?? DistinctCounter(precision: precision) }
    }

    package mutating func removeAll() {
        keys.removeAll()
        counters.removeAll(keepingCapacity: true)
    }
}
