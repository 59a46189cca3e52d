// Space-Saving (Metwally, Agrawal, El Abbadi, ICDT 2005): when a new key finds no room it takes the place, and the
// count, of the least one. A count is never too low, and at most `error` too high; every key with more than
// total / capacity is there. Two sketches merge with the errors added (Agarwal and others, PODS 2012).

/// The keys with the greatest counts, in bounded memory whatever the number of keys.
package struct HeavyHitters: Sendable {
    package struct Entry: Equatable, Sendable {
        package let key: UInt64
        /// At least the true count.
        package var count: UInt64
        /// At most this much more than the true count.
        package var error: UInt64

        /// What the key surely has.
        package var guaranteed: UInt64 { count &- error }
    }

    package let capacity: Int
    /// The sum of all weights, exact.
    package private(set) var total: UInt64 = 0
    private var entries: [Entry] = []
    private var index: SlotIndex
    /// Where the search for a least entry begins: entries at the least count before it are used up.
    private var least: (count: UInt64, from: Int) = (0, 0)

    package init(capacity: Int) {
        self.capacity = min(max(1, capacity), 16_384)
        index = SlotIndex(capacity: self.capacity)
        entries.reserveCapacity(self.capacity)
    }

    package var isEmpty: Bool { total == 0 }

    /// Counts a key.
    ///
    /// - Returns: The key's slot, and whether it has just taken it; a table beside this one follows by it.
    @discardableResult
    package mutating func add(_ key: UInt64, weight: UInt64 = 1) -> (slot: Int, isNew: Bool) {
        total = total.addingSaturating(weight)
        if let slot = index.slot(of: key, in: entries) {
            entries[slot].count = entries[slot].count.addingSaturating(weight)
            return (slot, false)
        }
        if entries.count < capacity {
            index.insert(key, at: entries.count, in: entries)
            entries.append(Entry(key: key, count: weight, error: 0))
            return (entries.count - 1, true)
        }
        let slot = leastSlot()
        let error = entries[slot].count
        index.remove(entries[slot].key, in: entries)
        index.insert(key, at: slot, in: entries)
        entries[slot] = Entry(key: key, count: error.addingSaturating(weight), error: error)
        return (slot, true)
    }

    /// A walk over the whole table finds the least count; while others have it too, only they are looked for.
    private mutating func leastSlot() -> Int {
        while least.from < entries.count {
            if entries[least.from].count == least.count { return least.from }
            least.from += 1
        }
        var lowest = 0
        for index in entries.indices where entries[index].count < entries[lowest].count { lowest = index }
        least = (entries[lowest].count, lowest)
        return lowest
    }

    /// All entries in the order of their slots.
    package var inSlots: [Entry] { entries }

    /// All entries, the greatest first; equal ones in the order of their keys.
    package var ranking: [Entry] {
        entries.sorted { $0.count != $1.count ? $0.count > $1.count : $0.key < $1.key }
    }

    /// The greatest by what it surely has.
    package var top: Entry? {
        entries.max { $0.guaranteed != $1.guaranteed ? $0.guaranteed < $1.guaranteed : $0.key > $1.key }
    }

    package func entry(of key: UInt64) -> Entry? { index.slot(of: key, in: entries).map { entries[$0] } }

    /// The most that a key which is not in the table can have.
    package var unseen: UInt64 {
        entries.count < capacity ? 0 : entries.reduce(UInt64.max) { min($0, $1.count) }
    }

    /// Adds what another sketch has counted.
    package mutating func merge(_ other: HeavyHitters) {
        guard !other.isEmpty else { return }
        let (mine, theirs) = (unseen, other.unseen)
        var merged = entries.map { entry in
            let match = other.entry(of: entry.key)
            return Entry(
                key: entry.key, count: entry.count.addingSaturating(match?.count ?? theirs),
                error: entry.error.addingSaturating(match?.error ?? theirs))
        }
        for entry in other.entries where self.entry(of: entry.key) == nil {
            merged.append(
                Entry(
                    key: entry.key, count: entry.count.addingSaturating(mine),
                    error: entry.error.addingSaturating(mine)))
        }
        let sum = total.addingSaturating(other.total)
        replace(by: merged, total: sum)
    }

    private mutating func replace(by merged: [Entry], total sum: UInt64) {
        let kept = merged.sorted { $0.count != $1.count ? $0.count > $1.count : $0.key < $1.key }
        removeAll()
        total = sum
        for entry in kept.prefix(capacity) {
            index.insert(entry.key, at: entries.count, in: entries)
            entries.append(entry)
        }
    }

    /// Forgets all counts and keeps the memory.
    package mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        index.removeAll()
        total = 0
        least = (0, 0)
    }
}

extension UInt64 {
    func addingSaturating(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}

extension HeavyHitters {
    /// How evenly the total is spread over the keys: 0 for one key, 1 for all different.
    ///
    /// Shannon's entropy over its greatest value, the logarithm of the total. What is not in the table counts as
    /// keys of weight 1 each, so many small ones read as many.
    package var evenness: Double {
        guard total > 1 else { return 0 }
        let sum = Double(total)
        var rest = sum
        var entropy = 0.0
        for entry in entries where entry.guaranteed > 0 {
            let share = min(Double(entry.guaranteed), rest) / sum
            guard share > 0 else { break }
            rest -= share * sum
            entropy -= share * RealMath.log(share)
        }
        if rest > 0 { entropy += rest / sum * RealMath.log(sum) }
        return (entropy / RealMath.log(sum)).clamped(0, 1)
    }
}
